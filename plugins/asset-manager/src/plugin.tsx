import { createFrontendPlugin } from '@backstage/frontend-plugin-api';
import { apis } from './extensions/apis';
import { entityCards } from './extensions/entityCards';
import { entityContents } from './extensions/entityContents';
import { pages } from './extensions/pages';
import { rootElements } from './extensions/rootElements';
import { viewers } from './extensions/viewers';
import { assetRouteRef, assetsRouteRef } from './routes';

/**
 * The asset manager in the portal: pages, the tabs of an asset's entity page,
 * and the light viewers.
 *
 * @public
 */
export const assetManagerPlugin = createFrontendPlugin({
  pluginId: 'asset-manager',
  title: 'Assets',
  info: { packageJson: () => import('../package.json') },
  routes: { assets: assetsRouteRef, asset: assetRouteRef },
  extensions: [
    ...apis,
    ...pages,
    ...entityCards,
    ...entityContents,
    ...rootElements,
    ...viewers,
  ],
});
