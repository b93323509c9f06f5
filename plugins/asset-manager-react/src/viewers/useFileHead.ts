import type { ByteSource } from '@baseasset/backstage-plugin-asset-manager-common';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';

/**
 * The first bytes of a file, or all of it when it is no larger.
 *
 * @param limit - bytes
 * @public
 */
export function useFileHead(source: ByteSource, limit: number) {
  return useAsyncRetry(async () => {
    const bytes = await source.read(0, Math.min(limit, source.size));
    return { bytes, truncated: source.size > bytes.length };
  }, [source, limit]);
}
