import { CodeSnippet } from '@backstage/core-components';
import { Skeleton, Text } from '@backstage/ui';
import { formatBytes } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  decodeText,
  Problem,
  useFileHead,
  ViewerProps,
} from '@baseasset/backstage-plugin-asset-manager-react';
import styles from './viewers.module.css';

const SHOWN = 512 * 1024;
/** Longer texts are shown without colours, which cost time for every line. */
const COLOURED = 100 * 1024;

const LANGUAGES: Record<string, string> = {
  'application/json': 'json',
  'application/geo+json': 'json',
  'application/sql': 'sql',
  'application/toml': 'toml',
  'application/xml': 'xml',
  'application/yaml': 'yaml',
  'image/svg+xml': 'xml',
  'text/css': 'css',
  'text/html': 'xml',
  'text/javascript': 'javascript',
  'text/markdown': 'markdown',
  'text/typescript': 'typescript',
  'text/x-c': 'c',
  'text/x-c++': 'cpp',
  'text/x-dockerfile': 'dockerfile',
  'text/x-go': 'go',
  'text/x-java': 'java',
  'text/x-makefile': 'makefile',
  'text/x-python': 'python',
  'text/x-r': 'r',
  'text/x-rust': 'rust',
  'text/x-shellscript': 'bash',
};

/** Text and code, as it is: nothing in it is ever run. */
export function TextViewer(props: ViewerProps) {
  const { file, source } = props;
  const { value, error, retry } = useFileHead(source, SHOWN);
  if (error) return <Problem error={error} retry={retry} />;
  if (!value) return <Skeleton width="100%" height={160} />;
  const text = decodeText(value.bytes);
  const language = LANGUAGES[file.mediaType];
  return (
    <div className={styles.text}>
      {language && text.length <= COLOURED ? (
        <CodeSnippet text={text} language={language} showLineNumbers />
      ) : (
        <pre className={styles.plain}>{text}</pre>
      )}
      {value.truncated && (
        <Text color="secondary">
          {`The first ${formatBytes(SHOWN)} of ${formatBytes(
            file.size,
          )}. Download the file for the rest.`}
        </Text>
      )}
    </div>
  );
}
