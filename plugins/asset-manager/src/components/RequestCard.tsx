import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Checkbox, Flex, Link, Text, TextField } from '@backstage/ui';
import type {
  DecideRequest,
  TransitionRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import { ActionDialog } from './ActionDialog';
import { addressOf } from './assetAddress';
import { Decisions, Gates } from './Gates';
import styles from './RequestCard.module.css';
import { Who } from './Who';

/** What was asked for, what stands in its way, and what the person who looks may decide. */
export function RequestCard(props: {
  request: TransitionRequest;
  /** Address of the asset's page. */
  base: string;
  /** Whether the asset is named, too. */
  isNamed?: boolean;
  onDecided: () => void;
}) {
  const { request, base, isNamed, onDecided } = props;
  const { label, from, to, mine } = request;
  const asset = isNamed ? `${request.namespace}/${request.name} ` : '';
  return (
    <section
      className={styles.card}
      aria-label={`${asset}version ${label} to ${to}`}
    >
      <Flex direction="column" gap="1">
        <Text as="h3" variant="body-large" weight="bold">
          {`${asset}version ${label}: ${from} → ${to}`}
        </Text>
        <Text color="secondary">
          <Who entityRef={request.requestedBy} />
          {' asked for it '}
          <Age time={request.requestedAt} />
          {request.reason ? `: ${request.reason}` : ''}
        </Text>
        <Link href={addressOf(base, 'files', { version: label })}>
          Look at its files
        </Link>
      </Flex>
      {request.blocked && (
        <Text color="danger">{`It can’t go on: ${request.blocked}`}</Text>
      )}
      <Gates gates={request.gates} />
      <Decisions decisions={request.decisions} />
      <Flex gap="2">
        {mine.approve.map(({ gate, meaning }) => (
          <Approve
            key={gate}
            request={request}
            gate={gate}
            meaning={meaning}
            onDecided={onDecided}
          />
        ))}
        {mine.reject && (
          <Explained
            request={request}
            label="Reject"
            decision={{ decision: 'reject' }}
            onDecided={onDecided}
          />
        )}
        {mine.waive.map(gate => (
          <Explained
            key={gate}
            request={request}
            label={`Waive ${gate}`}
            decision={{ decision: 'waive', gate }}
            onDecided={onDecided}
          />
        ))}
        {mine.withdraw && <Withdraw request={request} onDecided={onDecided} />}
      </Flex>
    </section>
  );
}

interface DecisionProps {
  request: TransitionRequest;
  onDecided: () => void;
}

const titleOf = ({ name, label, from, to }: TransitionRequest) =>
  `${name} ${label}: ${from} → ${to}`;

/** Takes what the person says by it, and that it is said. */
function Approve(props: DecisionProps & { gate: string; meaning: string }) {
  const { request, gate, meaning, onDecided } = props;
  const client = useApi(assetManagerApiRef);
  const [isSaid, setSaid] = useState(false);
  const [comment, setComment] = useState('');
  return (
    <ActionDialog
      title={titleOf(request)}
      trigger={<Button size="small">{`Approve ${gate}`}</Button>}
      action="Approve"
      isReady={isSaid}
      run={() =>
        client.lifecycle.decide(request.id, {
          decision: 'approve',
          gate,
          meaning,
          comment: comment || undefined,
          payload: request.payload,
        })
      }
      onDone={onDecided}
    >
      <Text color="secondary">
        It is for this content and metadata, and for the rules as they are now:
        when one of them changes, it is void.
      </Text>
      <code className={styles.digest}>{request.digest}</code>
      <Checkbox isSelected={isSaid} onChange={setSaid}>
        {meaning}
      </Checkbox>
      <TextField
        label="Comment, if any"
        value={comment}
        onChange={setComment}
      />
    </ActionDialog>
  );
}

/** What takes a reason. */
function Explained(
  props: DecisionProps & {
    label: string;
    decision: Omit<DecideRequest, 'payload' | 'comment'>;
  },
) {
  const { request, label, decision, onDecided } = props;
  const client = useApi(assetManagerApiRef);
  const [comment, setComment] = useState('');
  return (
    <ActionDialog
      title={titleOf(request)}
      trigger={
        <Button size="small" variant="secondary">
          {label}
        </Button>
      }
      action={label}
      isReady={comment.trim() !== ''}
      run={() =>
        client.lifecycle.decide(request.id, {
          ...decision,
          comment,
          payload: request.payload,
        })
      }
      onDone={onDecided}
    >
      <Text color="secondary">The reason stays on record.</Text>
      <TextField label="Reason" value={comment} onChange={setComment} />
    </ActionDialog>
  );
}

function Withdraw({ request, onDecided }: DecisionProps) {
  const client = useApi(assetManagerApiRef);
  return (
    <ActionDialog
      title={titleOf(request)}
      trigger={
        <Button size="small" variant="secondary">
          Withdraw
        </Button>
      }
      action="Withdraw"
      run={() => client.lifecycle.withdraw(request.id)}
      onDone={onDecided}
    >
      <Text>
        The request ends, and stays in the history. It can be asked for again.
      </Text>
    </ActionDialog>
  );
}
