import { Flex, Skeleton, Text } from '@backstage/ui';
import { formatBytes } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Problem,
  useFileHead,
  ViewerProps,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { recognise } from './recognise';
import styles from './viewers.module.css';

const HEAD = 256;

function hexLines(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const hex = part.map(byte => byte.toString(16).padStart(2, '0')).join(' ');
    const text = part
      .map(byte => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'))
      .join('');
    lines.push(
      `${at.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${text}`,
    );
  }
  return lines.join('\n');
}

/** Says what a file is that nothing else here can show. */
export function FallbackViewer(props: ViewerProps) {
  const { file, source } = props;
  const { value, error, retry } = useFileHead(source, HEAD);
  if (error) return <Problem error={error} retry={retry} />;
  if (!value) return <Skeleton width="100%" height={120} />;
  if (file.size === 0)
    return <Text className={styles.pad}>This file is empty.</Text>;
  return (
    <Flex direction="column" gap="3" className={styles.pad}>
      <Text>{`${recognise(value.bytes) ?? file.mediaType}, ${formatBytes(
        file.size,
      )}. There is no viewer for it here yet; its first bytes:`}</Text>
      <pre className={styles.plain}>{hexLines(value.bytes)}</pre>
    </Flex>
  );
}
