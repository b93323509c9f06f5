import { Skeleton, Text } from '@backstage/ui';
import { formatBytes } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  decodeText,
  Problem,
  useFileHead,
  ViewerProps,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useMemo } from 'react';
import { JsonTree } from './JsonTree';
import { TextViewer } from './TextViewer';

/** Larger documents would hold the page for seconds while they are parsed. */
export const MAX_JSON_BYTES = 20 * 1024 * 1024;

/** JSON as a tree. */
export function JsonViewer(props: ViewerProps) {
  const { value, error, retry } = useFileHead(props.source, 4 * MAX_JSON_BYTES);
  const parsed = useMemo(() => {
    if (!value) return undefined;
    try {
      return { data: JSON.parse(decodeText(value.bytes)) as unknown };
    } catch (problem) {
      return { problem: (problem as Error).message };
    }
  }, [value]);
  if (error) return <Problem error={error} retry={retry} />;
  if (!parsed || !value) return <Skeleton width="100%" height={160} />;
  if (value.truncated) {
    return (
      <>
        <Text color="secondary">{`Too large for a tree: ${formatBytes(
          props.file.size,
        )}. Its beginning as text:`}</Text>
        <TextViewer {...props} />
      </>
    );
  }
  if ('problem' in parsed) {
    return (
      <>
        <Text color="danger">{`This is not valid JSON: ${parsed.problem}. As text:`}</Text>
        <TextViewer {...props} />
      </>
    );
  }
  return <JsonTree data={parsed.data} />;
}
