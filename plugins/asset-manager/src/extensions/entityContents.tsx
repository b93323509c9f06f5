import { EntityContentBlueprint } from '@backstage/plugin-catalog-react/alpha';
import type { AssetTab } from '../components/assetAddress';
import type { AssetScopeValue } from '../components/AssetScope';

/** A tab of an asset's entity page. */
function tabOf(
  name: Exclude<AssetTab, ''>,
  title: string,
  load: () => Promise<(value: AssetScopeValue) => JSX.Element>,
) {
  return EntityContentBlueprint.make({
    name,
    params: {
      path: `/${name}`,
      title,
      filter: { kind: 'asset' },
      loader: async () => {
        const [{ EntityAssetContent }, Content] = await Promise.all([
          import('../components/EntityAssetContent'),
          load(),
        ]);
        return <EntityAssetContent tab={name} Content={Content} />;
      },
    },
  });
}

export const entityContents = [
  tabOf('files', 'Files', async () => {
    const { FilesContent } = await import('../components/FilesContent');
    return FilesContent;
  }),
  tabOf('versions', 'Versions', async () => {
    const { VersionsContent } = await import('../components/VersionsContent');
    return VersionsContent;
  }),
  tabOf('lifecycle', 'Lifecycle', async () => {
    const { LifecycleContent } = await import('../components/LifecycleContent');
    return LifecycleContent;
  }),
  tabOf('lineage', 'Lineage', async () => {
    const { LineageContent } = await import('../components/LineageContent');
    return LineageContent;
  }),
  tabOf('activity', 'Activity', async () => {
    const { ActivityContent } = await import('../components/ActivityContent');
    return ActivityContent;
  }),
  tabOf('access', 'Access', async () => {
    const { AccessContent } = await import('../components/AccessContent');
    return AccessContent;
  }),
];
