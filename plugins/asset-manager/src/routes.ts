import {
  createRouteRef,
  createSubRouteRef,
} from '@backstage/frontend-plugin-api';

/** The page of all assets. */
export const assetsRouteRef = createRouteRef();

/** An asset's own address, which is true from the second of the push. */
export const assetRouteRef = createSubRouteRef({
  parent: assetsRouteRef,
  path: '/:namespace/:name',
});
