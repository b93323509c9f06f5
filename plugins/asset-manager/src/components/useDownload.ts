import {
  discoveryApiRef,
  fetchApiRef,
  useApi,
} from '@backstage/frontend-plugin-api';
import type { AssetName } from '@baseasset/backstage-plugin-asset-manager-common';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';

/**
 * Downloads a file by the browser itself, whatever its size: a plain link has
 * no header for a token, so the backend gives the browser a cookie first that
 * is good for files alone.
 */
export function useDownload() {
  const client = useApi(assetManagerApiRef);
  const discovery = useApi(discoveryApiRef);
  const { fetch } = useApi(fetchApiRef);
  const [error, setError] = useState<unknown>();

  const download = async (
    version: AssetName & { selector: string },
    path: string,
  ) => {
    setError(undefined);
    try {
      const base = await discovery.getBaseUrl('asset-manager');
      const response = await fetch(`${base}/.backstage/auth/v1/cookie`, {
        credentials: 'include',
      });
      if (!response.ok)
        throw new Error(`the sign-in was not accepted (${response.status})`);
      const link = document.createElement('a');
      link.href = await client.fileUrl(version, path);
      link.download = path.slice(path.lastIndexOf('/') + 1);
      link.click();
    } catch (problem) {
      setError(problem);
    }
  };
  return { download, error };
}
