import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { InputError } from '@backstage/errors';
import {
  Digest,
  digestOf,
  releaseMemory,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { readSmall, SMALL } from './readSmall';
import { LocalFile, stampOf } from './scan';

const BLOCK = 1024 * 1024;

/** @public */
export interface HashOptions {
  /** Hears of every block as it was read. */
  onBytes?: (bytes: number) => void;
  signal?: AbortSignal;
}

/**
 * The digest of a file, read in blocks of one MiB.
 *
 * @public
 */
export async function hashFile(
  location: string,
  options: HashOptions = {},
): Promise<Digest> {
  // The thread pool takes several times as long for what is small.
  const read = readSmall(location);
  if (read) {
    options.onBytes?.(read.bytes.length);
    return digestOf(read.bytes);
  }
  const handle = await fs.open(location, 'r');
  try {
    return await hashHandle(handle, options);
  } finally {
    await handle.close();
  }
}

async function hashHandle(
  handle: fs.FileHandle,
  { onBytes, signal }: HashOptions,
): Promise<Digest> {
  const { size } = await handle.stat();
  const hash = createHash('sha256');
  for await (const block of blocksOf(handle, { start: 0, size })) {
    signal?.throwIfAborted();
    hash.update(block);
    onBytes?.(block.length);
  }
  return `sha256:${hash.digest('hex')}`;
}

/**
 * The bytes of a file from an offset on, in blocks of one MiB at most. While a
 * block is looked at the next one is read, so a block is gone once the next one
 * was asked for.
 *
 * @param options.start - bytes from the file's begin
 * @param options.size - bytes that are wanted at most
 */
export async function* blocksOf(
  handle: fs.FileHandle,
  options: { start: number; size: number },
): AsyncGenerator<Buffer> {
  const { start, size } = options;
  const end = start + size;
  const blockSize = Math.max(1, Math.min(BLOCK, size));
  const blocks = [Buffer.allocUnsafe(blockSize), Buffer.allocUnsafe(blockSize)];
  const read = (turn: number, at: number) => {
    const reading = handle.read(
      blocks[turn],
      0,
      Math.min(blockSize, end - at),
      at,
    );
    // It is read ahead, and may fail before anybody waits for it.
    reading.catch(() => {});
    return reading;
  };
  let reading = read(0, start);
  try {
    for (let at = start, turn = 0; at < end; turn = 1 - turn) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      at += bytesRead;
      if (at < end) reading = read(1 - turn, at);
      yield blocks[turn].subarray(0, bytesRead);
    }
    // Those of the parts before would stand in memory until they are many.
    blocks.forEach(releaseMemory);
  } finally {
    // Nobody closes the file under a read that is on its way.
    await reading.catch(() => {});
  }
}

/**
 * The digest of a file that must stay as it was scanned.
 *
 * @throws InputError when it changed since, or while it was read
 * @public
 */
export async function hashUnchanged(
  file: LocalFile,
  options: HashOptions = {},
): Promise<Digest> {
  const changed = () =>
    new InputError(
      `${JSON.stringify(
        file.location,
      )} changed while it was read; push again when it is at rest`,
    );
  try {
    if (file.size <= SMALL) {
      const read = readSmall(file.location);
      if (!read || stampOf(read.stat) !== file.stamp) throw changed();
      options.onBytes?.(read.bytes.length);
      return digestOf(read.bytes);
    }
    const handle = await fs.open(file.location, 'r');
    try {
      const digest = await hashHandle(handle, options);
      if (stampOf(await handle.stat({ bigint: true })) !== file.stamp)
        throw changed();
      return digest;
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EACCES' || code === 'EPERM') {
      throw new InputError(
        `${JSON.stringify(file.location)} can't be pushed: it may not be read`,
      );
    }
    throw error;
  }
}
