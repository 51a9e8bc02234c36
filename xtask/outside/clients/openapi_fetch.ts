// Uploads a file with openapi-fetch and the types that openapi-typescript generates.

import { readFileSync } from 'node:fs';
import createClient from 'openapi-fetch';
import type { paths } from './openapi-typescript';
import * as settings from './verdict';

async function main(): Promise<void> {
  const key = Buffer.from(`${settings.accessKey}:${settings.accessKeySecret}`).toString('base64');
  const client = createClient<paths>({
    baseUrl: settings.baseUrl,
    headers: { Authorization: `Basic ${key}` },
  });
  const registered = await client.PUT('/v2/crm/integrations', {
    body: settings.registration,
    parseAs: 'text',
  });
  const integrationId = settings.integrationIdIn(registered.data ?? '');
  const { clientRequestId } = settings;
  const uploaded = await client.POST('/v2/crm/entities', {
    params: { query: { integrationId, objectType: 'ACCOUNT', clientRequestId } },
    // openapi-typescript types a binary as a string; the serializer makes the form.
    body: { dataFile: readFileSync(settings.path, 'utf8') },
    bodySerializer: ({ dataFile }) => {
      const form = new FormData();
      form.append('dataFile', new File([dataFile], 'accounts.ldjson'));
      return form;
    },
  });
  if (uploaded.data?.clientRequestId !== clientRequestId) throw new Error(JSON.stringify(uploaded.error));
  await settings.expectDone(async () => {
    const query = { integrationId, clientRequestId };
    return (await client.GET('/v2/crm/request-status', { params: { query } })).data;
  });
  const page = await client.GET('/v2/users');
  if (page.data?.records?.totalRecords === undefined) throw new Error(JSON.stringify(page.error));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
