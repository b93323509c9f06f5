import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Text, TextField } from '@backstage/ui';
import type {
  AssetTypeDetail,
  AssetTypeProblem,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import useDebounce from 'react-use/lib/useDebounce';
import { Simulated } from './Simulated';
import { TruthTable } from './TruthTable';
import styles from './TypeEditor.module.css';

/** How long nobody types before the text is looked at. Milliseconds. */
const PAUSE_MS = 400;

/** The document of a type, to be changed; what is wrong is said while one types. */
export function TypeEditor(props: {
  type: AssetTypeDetail;
  onClose: () => void;
  onApplied: () => void;
}) {
  const { type, onClose, onApplied } = props;
  const client = useApi(assetManagerApiRef);
  const [text, setText] = useState(type.document);
  const [reason, setReason] = useState('');
  const [linted, lint] = useAsyncFn(
    (document: string) => client.types.lint(document),
    [client],
  );
  useDebounce(() => lint(text), PAUSE_MS, [text]);
  const [applied, apply] = useAsyncFn(async () => {
    await client.types.apply({
      document: text,
      reason: reason || undefined,
      expected: type.revision,
    });
    onApplied();
  }, [client, text, reason, type.revision, onApplied]);
  const [saved, save] = useAsyncFn(async () => {
    await client.types.saveDraft(type.name, {
      document: text,
      reason: reason || undefined,
    });
    onApplied();
  }, [client, text, reason, type.name, onApplied]);
  const [progress, setProgress] = useState<string>();
  const [simulated, simulate] = useAsyncFn(
    () =>
      client.types.simulate(text, {
        onProgress: (done, total) =>
          setProgress(`${done} of ${total} versions looked at`),
      }),
    [client, text],
  );
  const { problems = [], spec } = linted.value ?? {};
  const cannotBeKept =
    text === type.document || problems.length > 0 || applied.loading;
  return (
    <Flex direction="column" gap="3">
      <label>
        <Text as="span" variant="body-small" weight="bold">
          Document
        </Text>
        <textarea
          className={styles.text}
          value={text}
          rows={Math.min(40, text.split('\n').length + 2)}
          spellCheck={false}
          aria-invalid={problems.length > 0}
          onChange={event => setText(event.target.value)}
        />
      </label>
      <div role="status" aria-label="Problems">
        {linted.error && <Problem error={linted.error} />}
        {problems.map(problem => (
          <Text as="p" color="danger" key={textOf(problem)}>
            {textOf(problem)}
          </Text>
        ))}
        {linted.value && problems.length === 0 && (
          <Text color="secondary">Nothing is wrong with it.</Text>
        )}
      </div>
      {spec && <TruthTable spec={spec} />}
      {applied.error && <Problem error={applied.error} />}
      {saved.error && <Problem error={saved.error} />}
      {simulated.error && <Problem error={simulated.error} />}
      {simulated.loading && progress && <Text>{progress}</Text>}
      {simulated.value && !simulated.loading && (
        <Simulated found={simulated.value} />
      )}
      <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
        <TextField label="Reason" value={reason} onChange={setReason} />
        {!type.spec.fourEyes && (
          <Button isDisabled={cannotBeKept} onPress={apply}>
            Apply
          </Button>
        )}
        <Button
          variant={type.spec.fourEyes ? 'primary' : 'secondary'}
          isDisabled={cannotBeKept || saved.loading}
          onPress={save}
        >
          Save as draft
        </Button>
        <Button
          variant="secondary"
          isDisabled={problems.length > 0 || simulated.loading}
          onPress={simulate}
        >
          What would change?
        </Button>
        <Button variant="tertiary" onPress={onClose}>
          Cancel
        </Button>
      </Flex>
    </Flex>
  );
}

function textOf({ line, path, message }: AssetTypeProblem): string {
  return `Line ${line ?? 1}: ${path} ${message}`;
}
