// Uploads a file with the client that hey-api generates.

import { readFileSync } from 'node:fs';
import { client } from './hey-api/client.gen';
import { getRequestStatus, listUsers, registerGenericCrmIntegration, uploadCrmData } from './hey-api/sdk.gen';
import * as settings from './verdict';

async function main(): Promise<void> {
  client.setConfig({
    baseUrl: settings.baseUrl,
    auth: ({ scheme }) =>
      scheme === 'basic' ? `${settings.accessKey}:${settings.accessKeySecret}` : undefined,
    throwOnError: true,
  });
  const registered = await registerGenericCrmIntegration({
    body: settings.registration,
    parseAs: 'text',
    throwOnError: true,
  });
  const integrationId = settings.integrationIdIn(String(registered.data));
  const { clientRequestId } = settings;
  const { data } = await uploadCrmData({
    body: { dataFile: new File([readFileSync(settings.path)], 'accounts.ldjson') },
    query: { integrationId, objectType: 'ACCOUNT', clientRequestId },
    throwOnError: true,
  });
  if (data.clientRequestId !== clientRequestId) throw new Error(JSON.stringify(data));
  await settings.expectDone(
    async () => (await getRequestStatus({ query: { integrationId, clientRequestId }, throwOnError: true })).data,
  );
  const page = await listUsers({ throwOnError: true });
  if (page.data.records?.totalRecords === undefined) throw new Error(JSON.stringify(page.data));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
