const SIGNS: { at?: number; hex: string; name: string }[] = [
  { hex: '89504e470d0a1a0a', name: 'A PNG image' },
  { hex: 'ffd8ff', name: 'A JPEG image' },
  { hex: '25504446', name: 'A PDF document' },
  {
    hex: '504b0304',
    name: 'A ZIP archive (also NumPy .npz, Office and PyTorch files)',
  },
  { hex: '1f8b', name: 'A gzip archive (also BAM and bgzip files)' },
  { hex: '894844460d0a1a0a', name: 'An HDF5 file' },
  { hex: '50415231', name: 'A Parquet table' },
  { hex: '4152524f5731', name: 'An Arrow table' },
  { hex: '934e554d5059', name: 'A NumPy array' },
  { hex: '4352414d', name: 'A CRAM alignment' },
  { hex: '53514c69746520666f726d6174203300', name: 'An SQLite database' },
  { hex: '7f454c46', name: 'An ELF program' },
  { hex: '47475546', name: 'A GGUF model' },
  {
    hex: '800495',
    name: 'A Python pickle, which can run code when it is loaded',
  },
];

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * What a file is by its first bytes, in words; undefined when they do not tell.
 *
 * Source: the formats' own specifications, as far as they fix the beginning.
 */
export function recognise(bytes: Uint8Array): string | undefined {
  const head = hexOf(bytes.subarray(0, 32));
  return SIGNS.find(({ at = 0, hex }) => head.startsWith(hex, at * 2))?.name;
}
