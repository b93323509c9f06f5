import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Card, CardBody, Flex, Text } from '@backstage/ui';
import { formatBytes } from '@baseasset/backstage-plugin-asset-manager-common';
import { explainProblem } from '@baseasset/backstage-plugin-asset-manager-react';
import { useSyncExternalStore } from 'react';
import { UploadJob } from '../uploads/UploadQueue';
import { uploadsApiRef } from '../uploads/uploadsApi';
import { nameOf } from './assetAddress';
import styles from './UploadsPanel.module.css';

function sayWhere(job: UploadJob): string {
  const { phase, doneBytes, totalBytes, result, error } = job;
  const bytes = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  switch (phase) {
    case 'hashing':
      return `Reading, ${bytes}`;
    case 'sending':
      return `Sending, ${bytes}`;
    case 'paused':
      return 'Paused. What has arrived is kept for 7 days.';
    case 'failed':
      return explainProblem(error).description;
    default:
      return result?.state === 'created'
        ? `This is version ${result.version.label}`
        : `Nothing changed: this is version ${result?.version.label}`;
  }
}

/** The pushes from this browser, on every page. */
export function UploadsPanel() {
  const uploads = useApi(uploadsApiRef);
  const jobs = useSyncExternalStore(uploads.subscribe, uploads.jobs);
  if (jobs.length === 0) return null;
  return (
    <div className={styles.panel} role="status" aria-label="Pushes">
      {jobs.map(job => {
        const running = job.phase === 'hashing' || job.phase === 'sending';
        return (
          <Card key={job.id}>
            <CardBody>
              <Flex direction="column" gap="2">
                <Text weight="bold">{nameOf(job.asset)}</Text>
                <Text
                  variant="body-small"
                  color={job.phase === 'failed' ? 'danger' : 'secondary'}
                >
                  {sayWhere(job)}
                </Text>
                {running && (
                  <progress
                    className={styles.progress}
                    aria-label={`Push of ${nameOf(job.asset)}`}
                    max={job.totalBytes || 1}
                    value={job.doneBytes}
                  />
                )}
                <Flex gap="2">
                  {running && (
                    <Button
                      size="small"
                      variant="secondary"
                      onPress={() => uploads.pause(job.id)}
                    >
                      Pause
                    </Button>
                  )}
                  {(job.phase === 'paused' || job.phase === 'failed') && (
                    <Button size="small" onPress={() => uploads.resume(job.id)}>
                      Go on
                    </Button>
                  )}
                  {!running && (
                    <Button
                      size="small"
                      variant="tertiary"
                      onPress={() => uploads.dismiss(job.id)}
                    >
                      Close
                    </Button>
                  )}
                </Flex>
              </Flex>
            </CardBody>
          </Card>
        );
      })}
    </div>
  );
}
