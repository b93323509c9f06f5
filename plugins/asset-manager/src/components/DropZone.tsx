import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Text, TextField } from '@backstage/ui';
import type { AssetName } from '@baseasset/backstage-plugin-asset-manager-common';
import { RiUpload2Line } from '@remixicon/react';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { DroppedFile } from '../uploads/UploadQueue';
import { readChosen, readDrop } from '../uploads/readDrop';
import { uploadsApiRef } from '../uploads/uploadsApi';
import styles from './DropZone.module.css';

/** Where files or a folder are dropped to become the next version. */
export function DropZone(props: { asset: AssetName; onPushed?: () => void }) {
  const { asset, onPushed } = props;
  const uploads = useApi(uploadsApiRef);
  const jobs = useSyncExternalStore(uploads.subscribe, uploads.jobs);
  const [over, setOver] = useState(false);
  const [message, setMessage] = useState('');
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const done = jobs.filter(
    job =>
      job.phase === 'done' &&
      job.asset.namespace === asset.namespace &&
      job.asset.name === asset.name,
  ).length;
  const told = useRef(done);
  useEffect(() => {
    if (done > told.current) onPushed?.();
    told.current = done;
  }, [done, onPushed]);
  useEffect(() => {
    // React does not know the attribute that makes a chooser choose folders.
    folder.current?.setAttribute('webkitdirectory', '');
  }, []);

  const push = (dropped: DroppedFile[]) => {
    if (dropped.length > 0)
      uploads.add(asset, dropped, message.trim() || undefined);
    setMessage('');
  };
  return (
    <div
      className={`${styles.zone} ${over ? styles.over : ''}`}
      data-testid="drop-zone"
      onDragOver={event => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        event.preventDefault();
        setOver(false);
        readDrop(event.dataTransfer).then(push);
      }}
    >
      <Flex direction="column" align="center" gap="3">
        <RiUpload2Line aria-hidden size={28} />
        <Text>Drop files or a folder here to make the next version</Text>
        <TextField
          aria-label="Message"
          placeholder="What is new? (optional)"
          value={message}
          onChange={setMessage}
          style={{ width: 'min(360px, 100%)' }}
        />
        <Flex gap="2">
          <Button
            size="small"
            variant="secondary"
            onPress={() => files.current?.click()}
          >
            Choose files
          </Button>
          <Button
            size="small"
            variant="secondary"
            onPress={() => folder.current?.click()}
          >
            Choose a folder
          </Button>
        </Flex>
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-label="Files to push"
          onChange={event => {
            push(readChosen(event.target.files!));
            event.target.value = '';
          }}
        />
        <input
          ref={folder}
          type="file"
          multiple
          hidden
          aria-label="Folder to push"
          onChange={event => {
            push(readChosen(event.target.files!));
            event.target.value = '';
          }}
        />
      </Flex>
    </div>
  );
}
