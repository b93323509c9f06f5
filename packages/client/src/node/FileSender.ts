import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { InputError } from '@backstage/errors';
import {
  Digest,
  digestOf,
  ManifestEntry,
  PartChecksum,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { AssetManagerError } from '../AssetManagerError';
import { checksumOf } from '../checksum';
import { Breather } from './Breather';
import type { Piece, PieceSender, PieceTarget } from '../uploadVersion';
import { blocksOf } from './hashFile';
import { readSmall } from './readSmall';
import { LocalFile, stampOf } from './scan';
import type { Transport } from './Transport';

/** A file whose digest is known. */
export type HashedFile = LocalFile & ManifestEntry;

/** Sends pieces of files that must stay as they were scanned. */
export class FileSender implements PieceSender<HashedFile> {
  readonly #transport: Transport;
  readonly #signal: AbortSignal | undefined;
  readonly #breather = new Breather();

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
      if (!(error instanceof AssetManagerError) || error.status !== 400)
        throw error;
      if (!target.signed) throw changed(file, error);
      await this.#refuseChanged(file);
      // A bucket says 400 of what took too long, too: another try is signed anew.
      throw new AssetManagerError({
        status: 503,
        message: error.message,
        cause: error,
      });
    }
    // Who takes a part can't tell that the whole is another one than was hashed.
    await this.#refuseChanged(file);
  }

  async read(file: HashedFile, into: Uint8Array): Promise<void> {
    await this.#breather.breathe();
    const found = readSmall(file.location, into);
    // The stamp tells that these are the bytes that were hashed.
    if (!found || stampOf(found.stat) !== file.stamp) throw changed(file);
  }

  async digest(bytes: Uint8Array): Promise<Digest> {
    return digestOf(bytes);
  }

  async sendBytes(
    bytes: Uint8Array,
    target: PieceTarget,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    await this.#transport.sendBytes({
      ...target,
      bytes,
      onBytes,
      signal: this.#signal,
    });
  }

  async checksum(
    file: HashedFile,
    { start, end }: Piece,
    kind: PartChecksum,
  ): Promise<string> {
    const handle = await fs.open(file.location, 'r');
    try {
      const blocks = blocksOf(handle, { start, size: end - start });
      if (kind !== 'sha256') return await checksumOf(kind, blocks);
      // Node's own is five times as fast as what browsers are given.
      const hash = createHash('sha256');
      for await (const block of blocks) hash.update(block);
      return hash.digest('base64');
    } finally {
      await handle.close();
    }
  }

  async #refuseChanged(file: HashedFile): Promise<void> {
    const stat = await fs
      .stat(file.location, { bigint: true })
      .catch(() => undefined);
    if (!stat || stampOf(stat) !== file.stamp) throw changed(file);
  }
}

function changed(file: LocalFile, cause?: Error): InputError {
  return new InputError(
    `${JSON.stringify(
      file.location,
    )} changed while it was sent; push again when it is at rest`,
    cause,
  );
}
