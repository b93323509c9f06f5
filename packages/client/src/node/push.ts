import { createReadStream, promises as fs } from 'node:fs';
import { InputError } from '@backstage/errors';
import type {
  AssetName,
  CommitUploadRequest,
  Digest,
  ManifestEntry,
  PartChecksum,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from '../AssetManagerClient';
import { AssetManagerError } from '../AssetManagerError';
import { concurrently } from '../concurrently';
import { checksumOf } from '../checksum';
import {
  Piece,
  PieceSender,
  PieceTarget,
  UploadProgress,
  uploadVersion,
  UploadVersionResult,
} from '../uploadVersion';
import { hashUnchanged } from './hashFile';
import { LocalFile, scan, stampOf } from './scan';
import { StampCache } from './StampCache';
import type { Transport } from './Transport';

/** Files that are read and hashed at once; hashing itself has one thread. */
const HASHING_HANDS = 8;
const BLOCK = 1024 * 1024;

/** @public */
export interface ScanProgress {
  totalBytes: number;
  readBytes: number;
  totalFiles: number;
}

/** @public */
export interface PushOptions {
  client: AssetManagerClient;
  transport: Transport;
  /** The client's cache folder. */
  cache: string;
  /** A folder, or a file. */
  target: string;
  name: AssetName;
  commit: CommitUploadRequest;
  onWarning?: (warning: string) => void;
  onScan?: (progress: ScanProgress) => void;
  onBegin?: (uploadId: string) => void;
  onUpload?: (progress: UploadProgress) => void;
  signal?: AbortSignal;
}

type HashedFile = LocalFile & ManifestEntry;

/**
 * Looks through a folder and hashes what changed since the last time.
 *
 * @throws InputError for what can't be in a version
 * @public
 */
export async function hashFolder(
  options: Pick<
    PushOptions,
    'cache' | 'target' | 'onWarning' | 'onScan' | 'signal'
  >,
): Promise<HashedFile[]> {
  const { cache, target, onWarning, onScan, signal } = options;
  const { files, warnings } = await scan(target);
  for (const warning of warnings) onWarning?.(warning);
  if (files.length === 0) {
    throw new InputError(
      `${JSON.stringify(target)} holds no file; there is nothing to push`,
    );
  }
  const stamps = await StampCache.open({
    cache,
    folder: target,
    purpose: 'hashes',
  });
  const progress: ScanProgress = {
    totalBytes: files.reduce((sum, file) => sum + file.size, 0),
    readBytes: 0,
    totalFiles: files.length,
  };
  const digests = new Map<LocalFile, Digest>();
  await concurrently(files, HASHING_HANDS, async file => {
    signal?.throwIfAborted();
    let digest = stamps.get(file.path, file.stamp);
    if (digest) {
      progress.readBytes += file.size;
    } else {
      digest = await hashUnchanged(file, bytes => {
        progress.readBytes += bytes;
        onScan?.({ ...progress });
      });
      stamps.set(file.path, { stamp: file.stamp, digest });
    }
    digests.set(file, digest);
  });
  onScan?.({ ...progress });
  await stamps.save();
  return files.map(file => ({ ...file, digest: digests.get(file)! }));
}

/**
 * Makes a version of a folder or file on this machine. Killed in the middle it
 * leaves nothing published, and goes on where it stopped when called again.
 *
 * @throws InputError for what can't be in a version, and for files that change meanwhile
 * @public
 */
export async function push(options: PushOptions): Promise<UploadVersionResult> {
  const { client, transport, name, commit, signal } = options;
  const files = await hashFolder(options);
  return uploadVersion({
    client,
    name,
    files,
    commit,
    signal,
    onBegin: options.onBegin,
    onProgress: options.onUpload,
    sender: new FileSender({ transport, signal }),
  });
}

/** Sends pieces of files that must stay as they were scanned. */
class FileSender implements PieceSender<HashedFile> {
  readonly #transport: Transport;
  readonly #signal: AbortSignal | undefined;

  constructor(options: { transport: Transport; signal?: AbortSignal }) {
    this.#transport = options.transport;
    this.#signal = options.signal;
  }

  async send(
    file: HashedFile,
    { start, end }: Piece,
    target: PieceTarget,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    try {
      await this.#transport.send({
        ...target,
        location: file.location,
        start,
        end,
        onBytes,
        signal: this.#signal,
      });
    } catch (error) {
      if (error instanceof AssetManagerError && error.status === 400)
        throw changed(file, error);
      throw error;
    }
    // A bucket can't tell that the whole is another one than was hashed.
    if (target.signed) await this.#refuseChanged(file);
  }

  async checksum(
    file: HashedFile,
    { start, end }: Piece,
    kind: PartChecksum,
  ): Promise<string> {
    if (end === start) return checksumOf(kind, empty());
    return checksumOf(
      kind,
      createReadStream(file.location, {
        start,
        end: end - 1,
        highWaterMark: Math.min(BLOCK, end - start),
      }),
    );
  }

  async #refuseChanged(file: HashedFile): Promise<void> {
    const stat = await fs
      .stat(file.location, { bigint: true })
      .catch(() => undefined);
    if (!stat || stampOf(stat) !== file.stamp) throw changed(file);
  }
}

async function* empty(): AsyncGenerator<Uint8Array> {}

function changed(file: LocalFile, cause?: Error): InputError {
  return new InputError(
    `${JSON.stringify(
      file.location,
    )} changed while it was sent; push again when it is at rest`,
    cause,
  );
}
