// Uploads a file with the client of openapi-generator's typescript-fetch generator.

import { readFileSync } from 'node:fs';
import { CRMApi, Configuration, ObjectType, UsersApi } from './typescript-fetch';
import * as settings from './verdict';

async function main(): Promise<void> {
  const configuration = new Configuration({
    basePath: settings.baseUrl,
    username: settings.accessKey,
    password: settings.accessKeySecret,
  });
  const crm = new CRMApi(configuration);
  const registered = await crm.registerGenericCrmIntegrationRaw({
    genericCrmRegistrationRequest: settings.registration,
  });
  const integrationId = settings.integrationIdIn(await registered.raw.text());
  const { clientRequestId } = settings;
  const answer = await crm.uploadCrmData({
    integrationId,
    objectType: ObjectType.Account,
    clientRequestId,
    dataFile: new Blob([readFileSync(settings.path)]),
  });
  if (answer.clientRequestId !== clientRequestId) throw new Error(JSON.stringify(answer));
  await settings.expectDone(() => crm.getRequestStatus({ integrationId, clientRequestId }));
  const page = await new UsersApi(configuration).listUsers({});
  if (page.records?.totalRecords === undefined) throw new Error(JSON.stringify(page));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
