/**
 * Real sample assets from packages of the registries, pinned by their digests
 * and never committed. What can't be fetched is left out, loudly.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fetchPackage, root, say, toolsDirectory } from './tools.mjs';

const VAD = '@ricky0123/vad-web@0.0.31';
const VEGA = 'vega-datasets@3.2.1';

/** Where each file comes from, and what it has to be. */
const FILES = {
  legacy: { spec: VAD, file: 'dist/silero_vad_legacy.onnx' },
  v5: { spec: VAD, file: 'dist/silero_vad_v5.onnx' },
  v6: { spec: VAD, file: 'dist/silero_vad_v6.onnx' },
  movies: { spec: VEGA, file: 'data/movies.json' },
  flare: { spec: VEGA, file: 'data/flare-dependencies.json' },
  birdstrikes: { spec: VEGA, file: 'data/birdstrikes.csv' },
  unemployment: { spec: VEGA, file: 'data/unemployment.tsv' },
  seattle: { spec: VEGA, file: 'data/seattle-weather.csv' },
  image: { spec: VEGA, file: 'data/ffox.png' },
  flights: { spec: VEGA, file: 'data/flights-200k.arrow' },
};

const DIGESTS = JSON.parse(
  fs.readFileSync(path.join(root, 'examples/samples.json'), 'utf8'),
).digests;

function sampleFile(key) {
  const { spec, file } = FILES[key];
  const folder = path.join(
    toolsDirectory,
    'samples',
    spec.replaceAll('/', '+'),
  );
  const location = path.join(fetchPackage(spec, folder), file);
  const digest = `sha256:${createHash('sha256')
    .update(fs.readFileSync(location))
    .digest('hex')}`;
  if (digest !== DIGESTS[key])
    throw new Error(`${spec} ${file} is ${digest}, not ${DIGESTS[key]}`);
  return location;
}

const MODEL_CARD = version => `# Silero voice activity detection

A small recurrent network that says for every 32 ms of sound whether somebody
speaks. This is ${version}, as it is shipped in the npm package \`${VAD}\`.

| | |
|---|---|
| Input | 16 kHz mono, 512 samples at a time (1536 in the legacy model), and the state of the network |
| Output | the probability of speech, and the new state |
| Format | ONNX |
| Licence | MIT (model), ISC (package) |

Three successive releases are versions of this one asset, so that they can be
compared, aliased and pulled like any other model.
`;

/** Bases in one row of the table that is made of the genome. */
const WINDOW = 500;

/** How much of a genome is G or C, window by window, as CSV. */
function gcWindows() {
  const [, ...lines] = fs
    .readFileSync(path.join(root, 'examples/lambda/lambda.fa'), 'utf8')
    .trim()
    .split('\n');
  const bases = lines.join('').toUpperCase();
  const rows = [];
  for (let start = 0; start < bases.length; start += WINDOW) {
    const part = bases.slice(start, start + WINDOW);
    const share = part.replace(/[^GC]/g, '').length / part.length;
    rows.push(`${start},${start + part.length},${share.toFixed(4)}`);
  }
  return `start,end,gc\n${rows.join('\n')}\n`;
}

/**
 * The sample assets in the order in which they are pushed.
 *
 * @returns a list of pushes; \`files\` maps paths in the version to files on the disk or to
 *   texts, and \`run\` says what made them
 */
export function samplePushes() {
  const model = (key, label, what) => ({
    person: 'maya',
    name: 'models/silero-vad',
    options: [
      '--type',
      'ml-model',
      '--owner',
      'team-signal',
      '--system',
      'basecalling',
      '--title',
      'Silero VAD',
      '--description',
      'Finds speech in sound with a small recurrent network',
      '--tag',
      'rnn',
      '--tag',
      'audio',
      '--tag',
      'onnx',
      '--version',
      label,
      '--message',
      what,
      '--meta',
      'framework=onnx',
      '--meta',
      'sampleRate=16000',
    ],
    files: { 'model.onnx': key, 'README.md': { text: MODEL_CARD(what) } },
  });
  return [
    { ...model('legacy', 'legacy', 'the release with 1536 samples') },
    { ...model('v5', '5', 'the fifth release'), aliases: ['champion'] },
    { ...model('v6', '6', 'the sixth release'), aliases: ['candidate'] },
    {
      person: 'lin',
      name: 'tables/vega',
      options: [
        '--type',
        'dataset',
        '--owner',
        'team-genome',
        '--title',
        'Vega data sets',
        '--description',
        'Tables, documents and pictures to try the viewers on',
        '--tag',
        'tables',
        '--tag',
        'examples',
        '--message',
        'as in vega-datasets 3.2.1',
        '--meta',
        'source=vega-datasets@3.2.1',
      ],
      files: {
        'README.md': {
          text: `# Vega data sets\n\nA few of the example data sets of the Vega project, from the npm package \`${VEGA}\` (BSD-3-Clause).\n\n- \`movies.json\`: a list of records, to look at as a tree\n- \`flare-dependencies.json\`: what depends on what\n- \`birdstrikes.csv\`, \`seattle-weather.csv\`, \`unemployment.tsv\`: tables\n- \`pictures/ffox.png\`: a picture\n- \`flights-200k.arrow\`: an Arrow table, for which there is no viewer yet\n`,
        },
        'movies.json': 'movies',
        'flare-dependencies.json': 'flare',
        'tables/birdstrikes.csv': 'birdstrikes',
        'tables/seattle-weather.csv': 'seattle',
        'tables/unemployment.tsv': 'unemployment',
        'pictures/ffox.png': 'image',
        'flights-200k.arrow': 'flights',
      },
    },
    {
      person: 'otto',
      name: 'genomes/lambda',
      options: [
        '--message',
        'NC_001416.1',
        '--version',
        '1',
        '--meta',
        'bases=48502',
        '--meta',
        'accession=NC_001416.1',
      ],
      files: {
        'lambda.fa': { example: 'lambda/lambda.fa' },
        'README.md': { example: 'lambda/README.md' },
      },
    },
    {
      person: 'otto',
      name: 'genomes/lambda-gc',
      options: [
        '--type',
        'dataset',
        '--owner',
        'team-genome',
        '--title',
        'GC content of lambda',
        '--description',
        `How much of the genome of phage lambda is G or C, in windows of ${WINDOW} bases`,
        '--tag',
        'tables',
        '--version',
        '1',
        '--meta',
        `window=${WINDOW}`,
      ],
      files: { 'gc.csv': { text: gcWindows() } },
      run: {
        id: 'sample-lambda-gc',
        job: 'genomes/gc-windows',
        code: { entrypoint: 'scripts/lib/samples.mjs' },
        environment: { node: process.version },
        parameters: { window: WINDOW },
        inputs: [
          {
            ref: 'genomes/lambda@1',
            role: 'reference',
            confidence: 'captured',
          },
        ],
        outputs: [{ ref: 'genomes/lambda-gc@1' }],
      },
    },
  ];
}

/**
 * Lays out the files of a push in a folder.
 *
 * @returns the folder, or undefined when a file of it can't be had
 */
export function layOut(push, into) {
  fs.rmSync(into, { recursive: true, force: true });
  for (const [name, source] of Object.entries(push.files)) {
    const target = path.join(into, name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    if (typeof source === 'string') {
      try {
        fs.copyFileSync(sampleFile(source), target);
      } catch (error) {
        say(
          `SKIPPED: the sample ${push.name}, because ${
            error.message.split('\n')[0]
          }`,
        );
        return undefined;
      }
    } else if (source.example) {
      fs.copyFileSync(path.join(root, 'examples', source.example), target);
    } else {
      fs.writeFileSync(target, source.text);
    }
  }
  return into;
}
