import {
  RiBrainLine,
  RiDnaLine,
  RiFile3Line,
  RiFolder3Line,
  RiTable2,
} from '@remixicon/react';

const ICONS: Record<string, typeof RiFile3Line> = {
  'ml-model': RiBrainLine,
  'reference-genome': RiDnaLine,
  'sequence-set': RiDnaLine,
  dataset: RiTable2,
  generic: RiFile3Line,
};

/** The icon of an asset type. */
export function TypeIcon(props: { type: string }) {
  const Icon = ICONS[props.type] ?? RiFolder3Line;
  return <Icon size={18} aria-hidden style={{ flex: 'none' }} />;
}
