import { VIEW_AS_HEADER } from '@baseasset/backstage-plugin-asset-manager-common';

const KEY = 'asset-manager.view-as';

/** With whose eyes an administrator looks in this tab of the browser, if so. */
export function viewedPrincipal(): string | undefined {
  return window.sessionStorage.getItem(KEY) ?? undefined;
}

/** Begins to look with somebody's eyes, or stops: everything on the page is asked for anew. */
export function viewAs(principal: string | undefined, address?: string): void {
  if (principal === undefined) window.sessionStorage.removeItem(KEY);
  else window.sessionStorage.setItem(KEY, principal);
  if (address === undefined) window.location.reload();
  else window.location.assign(address);
}

/** Says in each request with whose eyes it looks. */
export function viewingFetch(original: typeof fetch): typeof fetch {
  return (input, init) => {
    const principal = viewedPrincipal();
    if (principal === undefined) return original(input, init);
    const headers = new Headers(init?.headers);
    headers.set(VIEW_AS_HEADER, principal);
    return original(input, { ...init, headers });
  };
}
