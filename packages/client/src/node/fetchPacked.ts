import {
  AssetName,
  AssetVersion,
  concurrently,
  Digest,
  PackPlacement,
  releaseMemory,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from '../AssetManagerClient';
import { AssetManagerError } from '../AssetManagerError';
import { IntegrityError } from '../IntegrityError';
import { retry } from '../retry';
import type { BlobCache } from './BlobCache';
import type { Place } from './SmallFileWorkers';
import type { Transport } from './Transport';
import type { WantedFile } from './WantedFile';

/** Runs that are held in memory at once. */
const HANDS = 4;
/** Larger files are never packed. Bytes. */
const LARGEST = 1024 * 1024;
/** With fewer, asking where they stand costs more than it saves. */
const WORTH_ASKING = 8;
/** Bytes that nobody wants are read rather than another request made. */
const GAP = 64 * 1024;

interface PlacedFile {
  file: WantedFile;
  /** Bytes from the begin of the pack. */
  offset: number;
}

/** Files that stand close to each other in a pack, and are read in one request. */
interface Run {
  pack: Digest;
  start: number;
  /** Excluded. */
  end: number;
  files: PlacedFile[];
}

/**
 * Fetches small files into the cache that stand together in packs, many in one
 * request. What could not be had this way is left for the way of single files,
 * which finds out why.
 *
 * @param options.files - what is not in the cache
 * @param options.sizes - of all files of the manifest in bytes, by page
 * @param options.placeOf - where a copy of each is wanted at once
 * @returns what was fetched, and how each, or its copy, looked when it was written
 */
export async function fetchPacked(options: {
  client: AssetManagerClient;
  transport: Transport;
  name: AssetName;
  version: AssetVersion;
  blobs: BlobCache;
  files: readonly WantedFile[];
  sizes: readonly (readonly number[])[];
  placeOf?: (file: WantedFile) => Place;
  /** Stores to read from where there are several copies, the nearest first. */
  prefer?: readonly string[];
  onBytes: (bytes: number) => void;
  signal?: AbortSignal;
}): Promise<Map<WantedFile, string>> {
  const { placeOf, signal } = options;
  const fetched = new Map<WantedFile, string>();
  await concurrently(findAllRuns(options), HANDS, async run => {
    signal?.throwIfAborted();
    const bytes = await readRun({ ...options, run });
    if (!bytes) return;
    const kept = await options.blobs.addMany(
      run.files.map(({ file, offset }) => ({
        digest: file.digest,
        size: file.size,
        offset: offset - run.start,
        copy: placeOf?.(file),
      })),
      bytes,
    );
    run.files.forEach(({ file }, index) => {
      const written = kept[index];
      if (!written) return;
      fetched.set(file, written.stamp);
      options.onBytes(file.size);
    });
  });
  return fetched;
}

/** The runs of all pages; while those of one are read, it is asked for the next one. */
async function* findAllRuns(options: {
  client: AssetManagerClient;
  name: AssetName;
  version: AssetVersion;
  files: readonly WantedFile[];
  sizes: readonly (readonly number[])[];
  signal?: AbortSignal;
}): AsyncGenerator<Run> {
  const { client, name, version, files, sizes, signal } = options;
  const byPage = new Map<number, WantedFile[]>();
  for (const file of files) {
    if (file.size > LARGEST || file.size === 0) continue;
    const known = byPage.get(file.page);
    if (known) known.push(file);
    else byPage.set(file.page, [file]);
  }
  const pages = [...byPage].filter(
    ([, wanted]) => wanted.length >= WORTH_ASKING,
  );
  const ask = (at: number) => {
    const placement = client.getPackPlacement(
      { ...name, selector: version.digest },
      pages[at][0],
      { signal },
    );
    // Whoever waits for it hears of an error; nobody may be left who does.
    placement.catch(() => {});
    return placement;
  };
  let next = pages.length > 0 ? ask(0) : undefined;
  for (const [at, [page, wanted]] of pages.entries()) {
    const placement = await next!;
    if (at + 1 < pages.length) next = ask(at + 1);
    yield* findRuns(placement, sizes[page], wanted);
  }
}

/** Which ranges of which packs hold the wanted files of a page. */
export function findRuns(
  placement: PackPlacement,
  sizes: readonly number[],
  wanted: readonly WantedFile[],
): Run[] {
  const files = new Map(wanted.map(file => [file.index, file]));
  const runs: Run[] = [];
  placement.packs.forEach((pack, at) => {
    const standing = placement.entries
      .map((place, index) => ({ place, index }))
      .filter(({ place }) => place?.[0] === at)
      .map(({ place, index }) => ({ index, offset: place![1] }))
      .sort((a, b) => a.offset - b.offset);
    let run: Run | undefined;
    /** Up to where files of the asset follow each other without a gap. */
    let known = 0;
    for (const { index, offset } of standing) {
      if (offset > known) run = undefined;
      known = Math.max(known, offset + sizes[index]);
      const file = files.get(index);
      if (!file) continue;
      if (!run || offset - run.end > GAP) {
        run = { pack, start: offset, end: offset, files: [] };
        runs.push(run);
      }
      run.end = Math.max(run.end, offset + file.size);
      run.files.push({ file, offset });
    }
  });
  return runs;
}

/** @returns undefined when these files have to be asked for one by one */
async function readRun(options: {
  client: AssetManagerClient;
  transport: Transport;
  name: AssetName;
  run: Run;
  prefer?: readonly string[];
  signal?: AbortSignal;
}): Promise<Uint8Array | undefined> {
  const { client, transport, name, run, prefer = [], signal } = options;
  const { pack, start, end } = run;
  const url = new URL(await client.packUrl(name, pack));
  for (const store of prefer) url.searchParams.append('prefer', store);
  try {
    return await retry(
      async () => {
        const body = await transport.receive({
          url: url.href,
          start,
          end: end - 1,
          signal,
        });
        return readWhole(body, end - start, signal);
      },
      { attempts: 3, signal },
    );
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AssetManagerError || error instanceof IntegrityError)
      return undefined;
    throw error;
  }
}

async function readWhole(
  body: AsyncIterable<Buffer>,
  size: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const whole = new Uint8Array(size);
  let length = 0;
  const brokeOff = (cause?: unknown) =>
    new AssetManagerError({
      status: 0,
      message: 'the connection broke off in the middle of a pack',
      cause,
    });
  try {
    for await (const chunk of body) {
      if (length + chunk.length > size) throw brokeOff();
      whole.set(chunk, length);
      length += chunk.length;
      releaseMemory(chunk);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof AssetManagerError ? error : brokeOff(error);
  }
  if (length !== size) throw brokeOff();
  return whole;
}
