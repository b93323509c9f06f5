import { ButtonIcon, Tooltip, TooltipTrigger } from '@backstage/ui';
import { RiCheckLine, RiFileCopyLine } from '@remixicon/react';
import { useEffect, useState } from 'react';

/**
 * Copies a text.
 *
 * @param props.what - what is copied, for the tooltip and for screen readers
 * @public
 */
export function CopyButton(props: { text: string; what: string }) {
  const { text, what } = props;
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <TooltipTrigger>
      <ButtonIcon
        aria-label={`Copy ${what}`}
        size="small"
        variant="tertiary"
        icon={copied ? <RiCheckLine /> : <RiFileCopyLine />}
        onPress={() => {
          window.navigator.clipboard
            .writeText(text)
            .then(() => setCopied(true));
        }}
      />
      <Tooltip>{copied ? 'Copied' : `Copy ${what}`}</Tooltip>
    </TooltipTrigger>
  );
}
