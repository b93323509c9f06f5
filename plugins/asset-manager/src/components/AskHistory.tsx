import { useApi } from '@backstage/frontend-plugin-api';
import { ButtonIcon, Text, TextField } from '@backstage/ui';
import {
  AssetName,
  AssetVersion,
  LATEST,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import { RiHistoryLine } from '@remixicon/react';
import { useState } from 'react';
import { ActionDialog } from './ActionDialog';
import styles from './AskHistory.module.css';

/** Finds the version that an alias, a stage or `latest` meant at a time. */
export function AskHistory(props: {
  asset: AssetName;
  onFound: (found: {
    version: AssetVersion;
    meant: string;
    asOf: string;
  }) => void;
}) {
  const { namespace, name } = props.asset;
  const client = useApi(assetManagerApiRef);
  const [selector, setSelector] = useState(LATEST);
  const [time, setTime] = useState('');
  return (
    <ActionDialog
      title="Which version was it then?"
      trigger={
        <ButtonIcon
          aria-label="Which version was it then?"
          size="small"
          variant="tertiary"
          icon={<RiHistoryLine />}
        />
      }
      action="Show it"
      isReady={selector.trim() !== '' && time !== ''}
      run={async () => {
        const meant = selector.trim();
        const asOf = new Date(time).toISOString();
        const version = await client.getVersion(
          { namespace, name, selector: meant },
          { asOf },
        );
        props.onFound({ version, meant, asOf });
      }}
      onDone={() => {}}
    >
      <TextField
        label="An alias, a stage, or latest"
        value={selector}
        onChange={setSelector}
      />
      <label className={styles.time}>
        <Text as="span" variant="body-small" weight="bold">
          When
        </Text>
        <input
          type="datetime-local"
          value={time}
          onChange={event => setTime(event.target.value)}
        />
      </label>
    </ActionDialog>
  );
}
