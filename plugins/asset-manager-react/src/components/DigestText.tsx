import { shortDigest } from '@baseasset/backstage-plugin-asset-manager-common';
import { CopyButton } from './CopyButton';

/**
 * A digest: shows twelve of its digits, copies all of them.
 *
 * @public
 */
export function DigestText(props: { digest: string }) {
  return (
    <span style={{ whiteSpace: 'nowrap' }}>
      <code title={props.digest}>{shortDigest(props.digest)}</code>
      <CopyButton text={props.digest} what="digest" />
    </span>
  );
}
