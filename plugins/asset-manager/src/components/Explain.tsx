import { useApi } from '@backstage/frontend-plugin-api';
import { Flex, Skeleton, Text } from '@backstage/ui';
import {
  AccessExplanation,
  AccessReason,
  Asset,
  verbText,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import styles from './table.module.css';

const shortOf = (ref: string) => ref.replace(/^(user|group):(default\/)?/, '');

/** A reason as a sentence. */
function sentenceOf(reason: AccessReason): string {
  switch (reason.kind) {
    case 'owner':
      return `${shortOf(reason.owner)} owns it`;
    case 'visibility':
      return `it is ${reason.visibility}`;
    case 'administrator':
      return 'an administrator of this portal';
    default: {
      const { principal, effect, role, scope } = reason.grant;
      return `${shortOf(principal)} was ${
        effect === 'deny' ? 'denied' : 'granted'
      } ${role} at ${scope}`;
    }
  }
}

function Answer({ answer }: { answer: AccessExplanation }) {
  const { roles, denied, verbs } = answer;
  const list = (allowed: boolean) =>
    verbs
      .filter(each => each.allowed === allowed)
      .map(({ verb }) => verbText(verb))
      .join(', ');
  return (
    <Flex direction="column" gap="2">
      {answer.memberOf.length > 0 && (
        <Text color="secondary">
          {`Member of ${answer.memberOf.map(shortOf).join(', ')}`}
        </Text>
      )}
      {roles.length + denied.length === 0 && (
        <Text>No role: there is no such asset for them.</Text>
      )}
      <table className={styles.table} aria-label="Roles and why">
        <tbody>
          {roles.map(({ role, because }) => (
            <tr key={role}>
              <th scope="row">{role}</th>
              <td>{because.map(sentenceOf).join('; ')}</td>
            </tr>
          ))}
          {denied.map(({ role, because }) => (
            <tr key={role}>
              <th scope="row" className={styles.removed}>
                not {role}
              </th>
              <td>{because.map(sentenceOf).join('; ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {list(true) && <Text>{`May ${list(true)}.`}</Text>}
      {list(false) && (
        <Text color="secondary">{`May not ${list(false)}.`}</Text>
      )}
    </Flex>
  );
}

/**
 * What somebody may do with an asset, and why.
 *
 * @param props.principal - the person who looks when left out
 */
export function Explain(props: { asset: Asset; principal?: string }) {
  const { asset, principal } = props;
  const client = useApi(assetManagerApiRef);
  const {
    value: answer,
    error,
    retry,
  } = useAsyncRetry(
    () => client.access.explain(asset, principal),
    [client, asset, principal],
  );
  if (error) return <Problem error={error} retry={retry} />;
  if (!answer) return <Skeleton width="100%" height={120} />;
  return <Answer answer={answer} />;
}
