import { Flex, Text } from '@backstage/ui';
import {
  formatBytes,
  StorageSample,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Bytes } from '@baseasset/backstage-plugin-asset-manager-react';
import styles from './StorageTrend.module.css';
import { totalsOf } from './storageTotals';

const WIDTH = 600;
const HEIGHT = 100;

/** How much was stored day by day, in all stores together. */
export function StorageTrend(props: { samples: readonly StorageSample[] }) {
  const totals = totalsOf(props.samples);
  if (totals.length < 2) {
    return (
      <Text color="secondary">
        The trend shows from the second day on that this portal runs.
      </Text>
    );
  }
  const [first] = totals;
  const last = totals[totals.length - 1];
  const begin = Date.parse(first.day);
  const span = Date.parse(last.day) - begin;
  const most = Math.max(1, ...totals.map(({ bytes }) => bytes));
  const points = totals.map(({ day, bytes }) => {
    const x = ((Date.parse(day) - begin) / span) * WIDTH;
    return `${x.toFixed(1)},${(HEIGHT * (1 - bytes / most)).toFixed(1)}`;
  });
  const label = `From ${formatBytes(first.bytes)} on ${
    first.day
  } to ${formatBytes(last.bytes)} on ${last.day}`;
  return (
    <Flex direction="column" gap="1">
      <Text as="h2" variant="title-x-small">
        Trend
      </Text>
      <svg
        role="img"
        aria-label={label}
        className={styles.trend}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        <polygon
          className={styles.trendArea}
          points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`}
        />
        <polyline className={styles.trendLine} points={points.join(' ')} />
      </svg>
      <Flex justify="between">
        <Text color="secondary">
          {first.day}: <Bytes value={first.bytes} />
        </Text>
        <Text color="secondary">
          {last.day}: <Bytes value={last.bytes} />
        </Text>
      </Flex>
    </Flex>
  );
}
