import { EntityContentBlueprint } from '@backstage/plugin-catalog-react/alpha';

const filter = { kind: 'asset' };

const files = EntityContentBlueprint.make({
  name: 'files',
  params: {
    path: '/files',
    title: 'Files',
    filter,
    loader: async () => {
      const [{ EntityAssetContent }, { FilesContent }] = await Promise.all([
        import('../components/EntityAssetContent'),
        import('../components/FilesContent'),
      ]);
      return <EntityAssetContent tab="files" Content={FilesContent} />;
    },
  },
});

const versions = EntityContentBlueprint.make({
  name: 'versions',
  params: {
    path: '/versions',
    title: 'Versions',
    filter,
    loader: async () => {
      const [{ EntityAssetContent }, { VersionsContent }] = await Promise.all([
        import('../components/EntityAssetContent'),
        import('../components/VersionsContent'),
      ]);
      return <EntityAssetContent tab="versions" Content={VersionsContent} />;
    },
  },
});

const lifecycle = EntityContentBlueprint.make({
  name: 'lifecycle',
  params: {
    path: '/lifecycle',
    title: 'Lifecycle',
    filter,
    loader: async () => {
      const [{ EntityAssetContent }, { LifecycleContent }] = await Promise.all([
        import('../components/EntityAssetContent'),
        import('../components/LifecycleContent'),
      ]);
      return <EntityAssetContent tab="lifecycle" Content={LifecycleContent} />;
    },
  },
});

const lineage = EntityContentBlueprint.make({
  name: 'lineage',
  params: {
    path: '/lineage',
    title: 'Lineage',
    filter,
    loader: async () => {
      const [{ EntityAssetContent }, { LineageContent }] = await Promise.all([
        import('../components/EntityAssetContent'),
        import('../components/LineageContent'),
      ]);
      return <EntityAssetContent tab="lineage" Content={LineageContent} />;
    },
  },
});

const activity = EntityContentBlueprint.make({
  name: 'activity',
  params: {
    path: '/activity',
    title: 'Activity',
    filter,
    loader: async () => {
      const [{ EntityAssetContent }, { ActivityContent }] = await Promise.all([
        import('../components/EntityAssetContent'),
        import('../components/ActivityContent'),
      ]);
      return <EntityAssetContent tab="activity" Content={ActivityContent} />;
    },
  },
});

const access = EntityContentBlueprint.make({
  name: 'access',
  params: {
    path: '/access',
    title: 'Access',
    filter,
    loader: async () => {
      const [{ EntityAssetContent }, { AccessContent }] = await Promise.all([
        import('../components/EntityAssetContent'),
        import('../components/AccessContent'),
      ]);
      return <EntityAssetContent tab="access" Content={AccessContent} />;
    },
  },
});

export const entityContents = [
  files,
  versions,
  lifecycle,
  lineage,
  activity,
  access,
];
