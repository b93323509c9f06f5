import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Select, Skeleton, Text, TextField } from '@backstage/ui';
import {
  AssetName,
  AuditEvent,
  AuditOutcome,
  isDigest,
  RecordedAuditEvent,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useCallback, useEffect, useState } from 'react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import useDebounce from 'react-use/lib/useDebounce';
import { saveText } from './saveText';
import { Table } from './Table';
import styles from './table.module.css';
import { Who } from './Who';

const PAGE = 50;
const ACTIONS: { value: string; label: string }[] = [
  { value: 'all', label: 'Everything' },
  { value: 'version.', label: 'Versions and stages' },
  { value: 'transition.', label: 'Requests and approvals' },
  { value: 'alias.', label: 'Aliases' },
  { value: 'asset.', label: 'Cards' },
  { value: 'grant.', label: 'Access' },
  { value: 'asset-type.', label: 'Asset types' },
  { value: 'service-', label: 'Service accounts' },
];
const OUTCOMES: { value: string; label: string }[] = [
  { value: 'all', label: 'Done and denied' },
  { value: 'succeeded', label: 'Done' },
  { value: 'denied', label: 'Denied' },
];

/** Who changed what, newest first, with filters and a way to take it along. */
export function ActivityTable({ asset }: { asset?: AssetName }) {
  const client = useApi(assetManagerApiRef);
  const [action, setAction] = useState('all');
  const [outcome, setOutcome] = useState('all');
  const [typed, setTyped] = useState('');
  const [actor, setActor] = useState('');
  useDebounce(() => setActor(typed.trim()), 300, [typed]);
  const load = useCallback(
    (cursor: string | undefined, limit: number) =>
      client.audit.list(
        {
          asset: asset && { namespace: asset.namespace, name: asset.name },
          action: action === 'all' ? undefined : action,
          outcome: outcome === 'all' ? undefined : (outcome as AuditOutcome),
          actor: actor === '' ? undefined : toReference(actor),
        },
        { cursor, limit },
      ),
    [client, asset, action, outcome, actor],
  );
  const [items, setItems] = useState<RecordedAuditEvent[]>();
  const [next, setNext] = useState<string>();
  const [loaded, loadMore] = useAsyncFn(
    async (cursor?: string) => {
      const page = await load(cursor, PAGE);
      setItems(before => [...((cursor && before) || []), ...page.items]);
      setNext(page.nextCursor);
    },
    [load],
  );
  useEffect(() => {
    loadMore();
  }, [loadMore]);
  const [saved, save] = useAsyncFn(async () => {
    const lines: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await load(cursor, 1000);
      lines.push(...page.items.map(item => JSON.stringify(item)));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    saveText(
      'activity.ndjson',
      `${lines.join('\n')}\n`,
      'application/x-ndjson',
    );
  }, [load]);
  const error = loaded.error ?? saved.error;
  return (
    <Flex direction="column" gap="3">
      <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
        <Select
          label="What"
          options={
            asset
              ? ACTIONS.filter(({ value }) => !/type|serv/.test(value))
              : ACTIONS
          }
          selectedKey={action}
          onSelectionChange={key => setAction(String(key))}
        />
        {!asset && (
          <Select
            label="Outcome"
            options={OUTCOMES}
            selectedKey={outcome}
            onSelectionChange={key => setOutcome(String(key))}
          />
        )}
        <TextField
          label="Who"
          placeholder="user:maya"
          value={typed}
          onChange={setTyped}
        />
        <Button
          variant="secondary"
          isDisabled={saved.loading || !items?.length}
          onPress={save}
        >
          Export
        </Button>
      </Flex>
      {error && <Problem error={error} />}
      {!items && !error && <Skeleton width="100%" height={200} />}
      {items?.length === 0 && <Text color="secondary">Nothing was found.</Text>}
      {items && items.length > 0 && <Events items={items} isAll={!asset} />}
      {next !== undefined && (
        <Button
          variant="secondary"
          isDisabled={loaded.loading}
          onPress={() => loadMore(next)}
        >
          Show more
        </Button>
      )}
    </Flex>
  );
}

/** `maya` and `user:maya` are the person; a service is named as it is. */
function toReference(text: string): string {
  if (/^(user|group):[^/]+$/.test(text)) return text.replace(':', ':default/');
  return text.includes(':') ? text : `user:default/${text}`;
}

function Events(props: {
  items: readonly RecordedAuditEvent[];
  isAll: boolean;
}) {
  const { items, isAll } = props;
  return (
    <Table
      label="Activity"
      heads={['When', 'Who', 'What', 'Of', 'Change', 'Why', 'Number']}
    >
      {items.map(({ event, seal }) => (
        <tr key={event.id}>
          <td>
            <Age time={event.at} />
          </td>
          <td>
            <Who entityRef={event.actor} />
            {event.via && (
              <Text as="p" color="secondary" variant="body-small">
                {`via ${event.via}`}
              </Text>
            )}
          </td>
          <td>
            {event.action}
            {event.outcome === 'denied' && (
              <span className={`${styles.chip} ${styles.failed}`}>denied</span>
            )}
          </td>
          <td className={styles.message}>
            {isAll
              ? event.object
              : event.object.replace(/^[^@ ]*/, '') || 'card'}
          </td>
          <td className={styles.message}>
            <Changes event={event} />
          </td>
          <td className={styles.message}>{event.reason}</td>
          <td
            className={styles.number}
            title={seal?.hash ?? 'Not in the chain yet'}
          >
            {seal?.sequence ?? '…'}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** A value in short; digests by their beginning, as everywhere. */
function textOf(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return isDigest(value) ? value.slice(0, 19) : value;
}

/** What it was and what it is, field by field. */
function Changes({ event }: { event: AuditEvent }) {
  const { old = {}, new: now = {}, digest } = event;
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  if (keys.length === 0)
    return digest ? <code>{digest.slice(0, 19)}</code> : null;
  return (
    <>
      {keys.map(key => (
        <div key={key}>
          {`${key}: `}
          {old[key] !== undefined && old[key] !== null && (
            <>
              <del className={styles.removed}>{textOf(old[key])}</del>{' '}
            </>
          )}
          {now[key] !== undefined && now[key] !== null && (
            <ins className={styles.added}>{textOf(now[key])}</ins>
          )}
        </div>
      ))}
    </>
  );
}
