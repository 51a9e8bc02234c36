// What the programs in TypeScript share: their settings, and the wait for a verdict.

export const baseUrl = setting('GONG_BASE_URL');
export const accessKey = setting('GONG_ACCESS_KEY');
export const accessKeySecret = setting('GONG_ACCESS_KEY_SECRET');
export const clientRequestId = setting('CLIENT_REQUEST_ID');
export const path = setting('FILE');

export const registration = { name: 'Acme CRM', ownerEmail: 'admin@acme.example' };

/**
 * The id of a new integration, from the text of the answer: `JSON.parse` would round it. The generated types
 * say number; the text goes into the URL unchanged.
 */
export function integrationIdIn(answer: string): number {
  const digits = /"integrationId"\s*:\s*(-?\d+)/.exec(answer)?.[1];
  if (digits === undefined) throw new Error(`no integrationId in ${answer}`);
  return digits as unknown as number;
}

export interface Status {
  status?: string;
  totalSuccessCount?: number;
}

/** Asks until the request is final, and fails unless both records are accepted. */
export async function expectDone(ask: () => Promise<Status | undefined>): Promise<void> {
  let status: Status | undefined;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    status = await ask();
    if (status?.status === 'DONE' || status?.status === 'FAILED') break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  if (status?.status !== 'DONE' || status.totalSuccessCount !== 2) {
    throw new Error(`the verdict is ${JSON.stringify(status)}`);
  }
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
