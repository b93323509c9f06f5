import { formatBytes } from '@baseasset/backstage-plugin-asset-manager-common';

/**
 * A size in binary units; the exact number on hover.
 *
 * @public
 */
export function Bytes(props: { value: number }) {
  return (
    <span title={`${props.value.toLocaleString('en-US')} bytes`}>
      {formatBytes(props.value)}
    </span>
  );
}
