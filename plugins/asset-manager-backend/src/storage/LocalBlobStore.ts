import { createHash, randomUUID } from 'node:crypto';
import { constants, promises as fs } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { InputError, isError, NotFoundError } from '@backstage/errors';
import {
  Digest,
  releaseMemory,
  writeFully,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  checkBlobKey,
  BlobDescriptor,
  BlobStore,
  ByteRange,
  CompletePartsOptions,
  PutBlobOptions,
  PartTransfer,
  PutPartOptions,
} from '@baseasset/backstage-plugin-asset-manager-node';
import { PartsGuard } from './PartsGuard';
import { PartsHasher } from './PartsHasher';

const READ_BYTES = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;
const STALE_AFTER_MS = 8 * DAY_MS;

/** Makes the entries of a folder survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Blobs as files in a directory, which needs nothing but a disk.
 *
 * A blob is written to a temporary file in the same file system, synced, named,
 * and its folder synced, in this order: what is visible is whole, and what was
 * acknowledged survives a power cut. Temporary files that a killed process left
 * are swept at the start and once a day, when they are older than any upload session.
 */
export class LocalBlobStore implements BlobStore, PartTransfer {
  static async create(options: { directory: string }): Promise<LocalBlobStore> {
    const store = new LocalBlobStore(path.resolve(options.directory));
    await fs.mkdir(store.#blobs, { recursive: true });
    await fs.mkdir(store.#temporary, { recursive: true });
    await store.#sweep();
    const daily = setInterval(() => {
      // Whatever it is, the next time is soon enough.
      store.#sweep().catch(() => {});
    }, DAY_MS);
    daily.unref();
    return store;
  }

  readonly #blobs: string;
  readonly #temporary: string;
  readonly #knownFolders = new Set<string>();
  readonly #hasher = new PartsHasher();
  readonly #guard = new PartsGuard();

  private constructor(directory: string) {
    this.#blobs = path.join(directory, 'blobs');
    this.#temporary = path.join(directory, 'tmp');
  }

  get parts(): PartTransfer {
    return this;
  }

  async put(options: PutBlobOptions): Promise<{ created: boolean }> {
    const { key, size, digest, body, disposable } = options;
    checkBlobKey(key);
    const temporary = path.join(this.#temporary, `${randomUUID()}.put`);
    try {
      const handle = await fs.open(temporary, 'wx');
      try {
        const hash = createHash('sha256');
        await writeBody({
          handle,
          body,
          offset: 0,
          size,
          disposable,
          onChunk: chunk => hash.update(chunk),
        });
        checkDigest(`sha256:${hash.digest('hex')}`, digest);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await this.#publish(temporary, key);
      return { created: true };
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw error;
    }
  }

  async putPart(options: PutPartOptions): Promise<void> {
    const { session, offset, size, body, disposable } = options;
    const file = this.#partsFile(session);
    const writing = await this.#guard.write(file);
    this.#hasher.writing(file, offset);
    try {
      const handle = await fs.open(
        file,
        constants.O_RDWR | constants.O_CREAT,
        0o600,
      );
      try {
        await writeBody({
          handle,
          body,
          offset,
          size,
          disposable,
          beforeWrite: () => writing.assertMay(),
        });
        await handle.datasync();
      } finally {
        await handle.close();
      }
      this.#hasher.arrived(file, offset, size);
    } catch (error) {
      // Some of it may stand in the file by now.
      this.#hasher.forget(file);
      throw error;
    } finally {
      await writing.end();
    }
  }

  async completeParts(options: CompletePartsOptions): Promise<void> {
    const { session, key } = options;
    checkBlobKey(key);
    const file = this.#partsFile(session);
    const completing = await this.#guard.complete(file);
    try {
      // What this process has hashed may not be what stands there.
      if (completing.byOthers) this.#hasher.forget(file);
      await this.#verifyAndPublish(file, options);
    } finally {
      await completing.end();
    }
    await this.#guard.forget(file);
  }

  async #verifyAndPublish(
    file: string,
    options: CompletePartsOptions,
  ): Promise<void> {
    const { key, size, digest } = options;
    try {
      const stat = await fs.stat(file).catch(ignoreMissing);
      const written = stat?.size ?? 0;
      if (written !== size) {
        throw new InputError(
          `the parts hold ${written} bytes, but ${size} were promised`,
        );
      }
      checkDigest(await this.#hasher.digest(file), digest);
    } catch (error) {
      this.#hasher.forget(file);
      // What is wrong has to be sent again; what could not be read can be later.
      if (isError(error) && error.name === 'InputError')
        await fs.rm(file, { force: true });
      throw error;
    }
    const handle = await fs.open(file, 'r+');
    await handle.sync().finally(() => handle.close());
    await this.#publish(file, key);
  }

  async abortParts(session: string): Promise<void> {
    const file = this.#partsFile(session);
    this.#hasher.forget(file);
    await fs.rm(file, { force: true });
    await this.#guard.forget(file);
  }

  async open(key: string, range?: ByteRange): Promise<Readable> {
    const handle = await this.#openBlob(key);
    const length = range
      ? range.end - range.start + 1
      : (await handle.stat()).size;
    return handle.createReadStream({
      // A block of memory is taken for every read, however little there is to be read.
      highWaterMark: Math.max(1, Math.min(READ_BYTES, length)),
      ...(range && { start: range.start, end: range.end }),
    });
  }

  /**
   * Two blocks of memory take turns: one is read into while the other is on its
   * way. A stream of Node's takes new memory for every read, and a process as
   * large as a portal then spends more time collecting it than reading.
   */
  async writeTo(
    destination: Writable,
    key: string,
    range?: ByteRange,
  ): Promise<void> {
    const handle = await this.#openBlob(key);
    try {
      const start = range?.start ?? 0;
      const end = range ? range.end + 1 : (await handle.stat()).size;
      const blockSize = Math.max(1, Math.min(READ_BYTES, end - start));
      const blocks = [
        Buffer.allocUnsafe(blockSize),
        Buffer.allocUnsafe(blockSize),
      ];
      let sending: Promise<void> = Promise.resolve();
      for (let at = start, turn = 0; at < end; turn = 1 - turn) {
        const { bytesRead } = await handle.read(
          blocks[turn],
          0,
          Math.min(blockSize, end - at),
          at,
        );
        await sending;
        if (bytesRead === 0)
          throw new Error(`the blob ${key} is shorter than it should be`);
        at += bytesRead;
        sending = writeBlock(destination, blocks[turn].subarray(0, bytesRead));
        sending.catch(() => {});
      }
      await sending;
      // Not before everything is on its way: the socket reads from them.
      blocks.forEach(releaseMemory);
    } finally {
      await handle.close();
    }
  }

  async #openBlob(key: string): Promise<fs.FileHandle> {
    return fs.open(this.#blobFile(key), 'r').catch(error => {
      if (error.code === 'ENOENT')
        throw new NotFoundError(`there is no blob ${key}`);
      throw error;
    });
  }

  async stat(key: string): Promise<{ size: number } | undefined> {
    try {
      const { size } = await fs.stat(this.#blobFile(key));
      return { size };
    } catch (error) {
      if (isError(error) && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async delete(key: string): Promise<boolean> {
    await fs.rm(this.#blobFile(key), { force: true });
    return true;
  }

  async *list(prefix: string): AsyncIterable<{ key: string; size: number }> {
    // Only the folder that all of these keys stand in is looked through.
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    for await (const key of this.#keysUnder(folder)) {
      if (!key.startsWith(prefix)) continue;
      const stat = await fs
        .stat(path.join(this.#blobs, ...key.split('/')))
        .catch(ignoreMissing);
      if (stat) yield { key, size: stat.size };
    }
  }

  /** The keys in a folder and those under it; the folder's name ends with a slash, or is empty. */
  async *#keysUnder(folder: string): AsyncIterable<string> {
    const directory = await fs
      .opendir(path.join(this.#blobs, ...folder.split('/').filter(Boolean)))
      .catch(ignoreMissing);
    if (!directory) return;
    for await (const entry of directory) {
      const key = `${folder}${entry.name}`;
      if (entry.isDirectory()) yield* this.#keysUnder(`${key}/`);
      else if (entry.isFile()) yield key;
    }
  }

  #blobFile(key: string): string {
    return path.join(this.#blobs, ...checkBlobKey(key).split('/'));
  }

  #partsFile(session: string): string {
    return path.join(
      this.#temporary,
      `${checkBlobKey(session).replaceAll('/', '.')}.parts`,
    );
  }

  async #publish(temporary: string, key: BlobDescriptor['key']): Promise<void> {
    const file = this.#blobFile(key);
    const folder = path.dirname(file);
    await this.#ensureFolder(folder);
    await fs.rename(temporary, file).catch(async error => {
      if (error.code !== 'ENOENT' || !this.#knownFolders.delete(folder))
        throw error;
      // The disk under the directory is another one than before.
      await this.#ensureFolder(folder);
      await fs.rename(temporary, file);
    });
    await syncFolder(folder);
  }

  async #ensureFolder(folder: string): Promise<void> {
    if (this.#knownFolders.has(folder)) return;
    const first = await fs.mkdir(folder, { recursive: true });
    if (first) {
      // Each new folder is an entry of its parent, which must survive as well.
      for (let at = folder; at.length >= first.length; at = path.dirname(at)) {
        await syncFolder(path.dirname(at));
      }
    }
    this.#knownFolders.add(folder);
  }

  async #sweep(): Promise<void> {
    for (const name of await fs.readdir(this.#temporary)) {
      const file = path.join(this.#temporary, name);
      // Another replica may be at work in there.
      const stat = await fs.stat(file).catch(ignoreMissing);
      if (stat && Date.now() - stat.mtimeMs > STALE_AFTER_MS)
        await fs.rm(file, { force: true });
    }
  }
}

/** Resolves when the block may be used again; rejects when the stream is gone. */
function writeBlock(destination: Writable, block: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () =>
      reject(
        Object.assign(new Error('the reader went away'), {
          code: 'ERR_STREAM_PREMATURE_CLOSE',
        }),
      );
    if (destination.destroyed) {
      gone();
      return;
    }
    destination.once('close', gone);
    destination.write(block, error => {
      destination.off('close', gone);
      if (error) reject(error);
      else resolve();
    });
  });
}

function checkDigest(found: Digest, promised: Digest): void {
  if (found !== promised) {
    throw new InputError(
      `the bytes have the digest ${found}, but ${promised} was promised`,
    );
  }
}

async function writeBody(options: {
  handle: fs.FileHandle;
  body: Readable;
  offset: number;
  size: number;
  disposable?: boolean;
  onChunk?: (chunk: Buffer) => void;
  /** Asked whether bytes may be written still. */
  beforeWrite?: () => Promise<void>;
}): Promise<void> {
  const { handle, body, size, disposable, onChunk, beforeWrite } = options;
  let written = 0;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const flush = async () => {
    if (waitingBytes === 0) return;
    await beforeWrite?.();
    await writeFully(handle, waiting, options.offset + written - waitingBytes);
    if (disposable) waiting.forEach(releaseMemory);
    waiting = [];
    waitingBytes = 0;
  };
  for await (const chunk of body as AsyncIterable<Buffer>) {
    written += chunk.length;
    if (written > size) {
      throw new InputError(
        `more bytes came than the ${size} that were promised`,
      );
    }
    onChunk?.(chunk);
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes >= READ_BYTES) await flush();
  }
  await flush();
  if (written !== size) {
    throw new InputError(`${written} bytes came, but ${size} were promised`);
  }
}

/** What is looked at may be deleted at the same moment. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
