import { PageBlueprint } from '@backstage/frontend-plugin-api';
import { RiBox3Line } from '@remixicon/react';
import { assetsRouteRef } from '../routes';

const assetsPage = PageBlueprint.make({
  params: {
    path: '/assets',
    title: 'Assets',
    icon: <RiBox3Line />,
    routeRef: assetsRouteRef,
    noHeader: true,
    loader: () =>
      import('../components/AssetRoutes').then(({ AssetRoutes }) => (
        <AssetRoutes />
      )),
  },
});

export const pages = [assetsPage];
