import { MarkdownContent } from '@backstage/core-components';
import { Skeleton } from '@backstage/ui';
import {
  decodeText,
  Problem,
  useFileHead,
  ViewerProps,
} from '@baseasset/backstage-plugin-asset-manager-react';
import styles from './viewers.module.css';

const SHOWN = 1024 * 1024;

/** Images of other hosts would tell them who reads here. */
function localOnly(url: string): string {
  return /^(https?:)?\/\//i.test(url) ? '' : url;
}

/** Markdown; HTML in it is shown as text, and nothing is fetched from elsewhere. */
export function MarkdownViewer(props: ViewerProps) {
  const { value, error, retry } = useFileHead(props.source, SHOWN);
  if (error) return <Problem error={error} retry={retry} />;
  if (!value) return <Skeleton width="100%" height={160} />;
  return (
    <div className={styles.markdown}>
      <MarkdownContent
        content={decodeText(value.bytes)}
        transformImageUri={localOnly}
        linkTarget="_blank"
      />
    </div>
  );
}
