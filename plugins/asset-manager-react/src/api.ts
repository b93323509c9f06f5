import { createApiRef } from '@backstage/frontend-plugin-api';
import type { AssetManagerClient } from '@baseasset/client';

/**
 * The HTTP API of the asset manager, with the signed-in person's token.
 *
 * @public
 */
export const assetManagerApiRef = createApiRef<AssetManagerClient>({
  id: 'plugin.asset-manager.client',
});
