import { Flex, Text } from '@backstage/ui';
import { CopyButton } from '@baseasset/backstage-plugin-asset-manager-react';
import styles from './Snippet.module.css';

/** Lines to copy. */
export function Snippet(props: { title?: string; text: string }) {
  const { title, text } = props;
  return (
    <div>
      {title && <Text weight="bold">{title}</Text>}
      <Flex align="start" gap="1" className={styles.box}>
        <pre className={styles.text}>{text}</pre>
        <CopyButton
          text={text}
          what={title?.toLocaleLowerCase('en-US') ?? 'command'}
        />
      </Flex>
    </div>
  );
}
