const BY_EXTENSION: Record<string, string> = {
  arrow: 'application/vnd.apache.arrow.file',
  avif: 'image/avif',
  bam: 'application/vnd.ga4gh.bam',
  bed: 'text/x-bed',
  bmp: 'image/bmp',
  c: 'text/x-c',
  cfg: 'text/plain',
  cpp: 'text/x-c++',
  cram: 'application/vnd.ga4gh.cram',
  css: 'text/css',
  csv: 'text/csv',
  dockerfile: 'text/x-dockerfile',
  fa: 'text/x-fasta',
  fasta: 'text/x-fasta',
  fastq: 'text/x-fastq',
  fna: 'text/x-fasta',
  fq: 'text/x-fastq',
  geojson: 'application/geo+json',
  gff: 'text/x-gff3',
  gif: 'image/gif',
  go: 'text/x-go',
  gtf: 'text/x-gtf',
  gz: 'application/gzip',
  h5: 'application/x-hdf5',
  hdf5: 'application/x-hdf5',
  htm: 'text/html',
  html: 'text/html',
  ico: 'image/x-icon',
  ini: 'text/plain',
  ipynb: 'application/x-ipynb+json',
  java: 'text/x-java',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  json: 'application/json',
  jsonl: 'application/jsonl',
  log: 'text/plain',
  markdown: 'text/markdown',
  md: 'text/markdown',
  mjs: 'text/javascript',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  ndjson: 'application/jsonl',
  npy: 'application/x-npy',
  npz: 'application/x-npz',
  onnx: 'application/onnx',
  parquet: 'application/vnd.apache.parquet',
  pdf: 'application/pdf',
  png: 'image/png',
  pt: 'application/x-pytorch',
  py: 'text/x-python',
  r: 'text/x-r',
  rs: 'text/x-rust',
  safetensors: 'application/x-safetensors',
  sam: 'text/x-sam',
  sh: 'text/x-shellscript',
  sql: 'application/sql',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  toml: 'application/toml',
  ts: 'text/typescript',
  tsv: 'text/tab-separated-values',
  tsx: 'text/typescript',
  txt: 'text/plain',
  vcf: 'text/x-vcf',
  wav: 'audio/wav',
  webp: 'image/webp',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  zip: 'application/zip',
};

const BY_NAME: Record<string, string> = {
  changelog: 'text/plain',
  dockerfile: 'text/x-dockerfile',
  license: 'text/plain',
  makefile: 'text/x-makefile',
  readme: 'text/plain',
};

/**
 * The media type of a file, told from its path alone.
 *
 * @returns `application/octet-stream` when the path does not tell
 * @public
 */
export function mediaTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLocaleLowerCase('en-US');
  const extension = name.includes('.')
    ? name.slice(name.lastIndexOf('.') + 1)
    : '';
  return BY_NAME[name] ?? BY_EXTENSION[extension] ?? 'application/octet-stream';
}
