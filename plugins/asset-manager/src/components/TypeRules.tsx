import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Skeleton, Text } from '@backstage/ui';
import type { AssetType } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import { DraftBand } from './DraftBand';
import { Snippet } from './Snippet';
import { StageMap } from './StageMap';
import { Table } from './Table';
import styles from './table.module.css';
import { TruthTable } from './TruthTable';
import { TypeEditor } from './TypeEditor';
import { Who } from './Who';

/** What a type says now and has said before; whoever may, changes it here. */
export function TypeRules(props: { name: string; onApplied: () => void }) {
  const { name, onApplied } = props;
  const client = useApi(assetManagerApiRef);
  const [isEditing, setEditing] = useState(false);
  const { value, error, retry } = useAsyncRetry(async () => {
    const [type, revisions] = await Promise.all([
      client.types.get(name),
      client.types.listRevisions(name),
    ]);
    const draft = type.mayChange
      ? await client.types.getDraft(name).catch(thrown => {
          if (thrown.status === 404) return undefined;
          throw thrown;
        })
      : undefined;
    return { type, revisions, draft };
  }, [client, name]);
  if (error) return <Problem error={error} retry={retry} />;
  if (!value) return <Skeleton width="100%" height={300} />;
  const { type, revisions, draft } = value;
  const refresh = () => {
    setEditing(false);
    retry();
    onApplied();
  };
  return (
    <>
      {type.description && <Text>{type.description}</Text>}
      <StageMap type={type} />
      <Stages type={type} />
      {draft && <DraftBand draft={draft} onEnded={refresh} />}
      {isEditing ? (
        <TypeEditor
          type={type}
          onClose={() => setEditing(false)}
          onApplied={refresh}
        />
      ) : (
        <Flex direction="column" gap="3">
          <Flex justify="between" align="center">
            <Text as="h2" variant="title-x-small">
              Rules
            </Text>
            {type.mayChange && (
              <Button variant="secondary" onPress={() => setEditing(true)}>
                Change
              </Button>
            )}
          </Flex>
          <TruthTable spec={type.spec} />
          <Snippet text={type.document} />
          {!type.mayChange && (
            <Text color="secondary">
              {type.source === 'configuration'
                ? 'A file of the configuration says this, and is changed there.'
                : `Changing it takes an admin of type:${name}.`}
            </Text>
          )}
        </Flex>
      )}
      <Flex direction="column" gap="2">
        <Text as="h2" variant="title-x-small">
          History
        </Text>
        <Table
          label="Revisions"
          heads={['Revision', 'When', 'By', 'Reason', 'Digest']}
        >
          {revisions.map(revision => (
            <tr key={revision.revision}>
              <td className={styles.number}>{revision.revision}</td>
              <td>
                <Age time={revision.createdAt} />
              </td>
              <td>
                {revision.draftedBy && (
                  <>
                    <Who entityRef={revision.draftedBy} />
                    {', published by '}
                  </>
                )}
                <Who entityRef={revision.createdBy} />
              </td>
              <td className={styles.message}>{revision.reason}</td>
              <td>
                <code>{revision.digest.slice(0, 19)}</code>
              </td>
            </tr>
          ))}
        </Table>
      </Flex>
    </>
  );
}

function Stages({ type }: { type: AssetType }) {
  return (
    <Table label="Stages" heads={['Stage', 'Means']}>
      {type.spec.stages.map(stage => (
        <tr key={stage.name}>
          <td>
            {stage.title ?? stage.name}
            {stage.initial && <span className={styles.chip}>first</span>}
            {stage.final && <span className={styles.chip}>final</span>}
          </td>
          <td className={styles.message}>{stage.description}</td>
        </tr>
      ))}
    </Table>
  );
}
