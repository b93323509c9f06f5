import { Skeleton } from '@backstage/ui';
import {
  Problem,
  ViewerProps,
} from '@baseasset/backstage-plugin-asset-manager-react';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import styles from './viewers.module.css';

function toDataUrl(bytes: Uint8Array, mediaType: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([bytes as BlobPart], { type: mediaType }));
  });
}

/**
 * Images. A data address is what the portal's content security policy lets
 * through; scripts in an SVG do not run in an `<img>`.
 */
export function ImageViewer(props: ViewerProps) {
  const { file, source } = props;
  const { value, error, retry } = useAsyncRetry(
    async () => toDataUrl(await source.read(0, source.size), file.mediaType),
    [source, file.mediaType],
  );
  if (error) return <Problem error={error} retry={retry} />;
  if (!value) return <Skeleton width="100%" height={200} />;
  return (
    <div className={styles.image}>
      <img src={value} alt={file.path} />
    </div>
  );
}
