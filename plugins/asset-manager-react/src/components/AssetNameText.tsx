import type { AssetName } from '@baseasset/backstage-plugin-asset-manager-common';

/**
 * A name as everywhere in the portal: the namespace muted, the name strong.
 *
 * @public
 */
export function AssetNameText(props: { asset: AssetName }) {
  const { namespace, name } = props.asset;
  return (
    <span>
      {namespace !== 'default' && (
        <span style={{ color: 'var(--bui-fg-secondary)' }}>{namespace}/</span>
      )}
      <strong>{name}</strong>
    </span>
  );
}
