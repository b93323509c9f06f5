import { EntityCardBlueprint } from '@backstage/plugin-catalog-react/alpha';

const overview = EntityCardBlueprint.make({
  name: 'overview',
  params: {
    filter: { kind: 'asset' },
    type: 'content',
    loader: async () => {
      const [{ EntityAssetContent }, { OverviewContent }] = await Promise.all([
        import('../components/EntityAssetContent'),
        import('../components/OverviewContent'),
      ]);
      return <EntityAssetContent tab="" Content={OverviewContent} />;
    },
  },
});

export const entityCards = [overview];
