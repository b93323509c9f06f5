import type { Storage } from '@google-cloud/storage';

/** What a request to the API carries so that it is one of the backend. */
export async function authorizationOf(
  storage: Storage,
  url: string,
): Promise<Record<string, string>> {
  // An emulator is asked without credentials.
  const { customEndpoint, useAuthWithCustomEndpoint } = storage as {
    customEndpoint?: boolean;
    useAuthWithCustomEndpoint?: boolean;
  };
  if (customEndpoint && !useAuthWithCustomEndpoint) return {};
  const headers = await storage.authClient.getRequestHeaders(url);
  return Object.fromEntries(Object.entries(headers));
}
