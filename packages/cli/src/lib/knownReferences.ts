import type { KnownReferences } from '../commands/completion';
import type { Context } from './Context';

/** A shell waits for the answer at every key. Milliseconds. */
const PATIENCE = 1500;
const OFFERED = 200;

/** What the portal knows, as far as it says so at once; nothing when nobody is signed in. */
export function knownReferences(context: Context): KnownReferences {
  const signal = AbortSignal.timeout(PATIENCE);
  return {
    async names(prefix) {
      const { formatReference } = await import(
        '@baseasset/backstage-plugin-asset-manager-common'
      );
      const client = await context.client();
      const slash = prefix.indexOf('/');
      if (slash >= 0) {
        const { items } = await client.listAssets(
          { namespace: [prefix.slice(0, slash)], sort: 'name' },
          { limit: OFFERED, signal },
        );
        return items.map(({ namespace, name }) => `${namespace}/${name}`);
      }
      const [facets, { items }] = await Promise.all([
        client.listFacets({}, { signal }),
        client.listAssets(
          { namespace: ['default'], sort: 'name' },
          { limit: OFFERED, signal },
        ),
      ]);
      return [
        ...facets.namespace.map(({ value }) => `${value}/`),
        ...items.map(item => formatReference(item)),
      ];
    },
    async selectors(name) {
      const { LATEST, parseReference } = await import(
        '@baseasset/backstage-plugin-asset-manager-common'
      );
      const client = await context.client();
      const reference = parseReference(name);
      const [asset, versions] = await Promise.all([
        client.getAsset(reference, { signal }),
        client.listVersions(reference, { limit: OFFERED, signal }),
      ]);
      return [
        LATEST,
        ...asset.aliases.map(alias => alias.name),
        ...versions.items.map(version => version.label),
      ];
    },
  };
}
