import { createHash } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import type { Digest } from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobStore, ByteRange } from '../BlobStore';

export function digestOf(bytes: Buffer): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function bodyOf(bytes: Buffer, chunk = 64 * 1024): Readable {
  return Readable.from(
    (function* chunks() {
      for (let at = 0; at < bytes.length; at += chunk) {
        yield bytes.subarray(at, at + chunk);
      }
    })(),
    { objectMode: false },
  );
}

/** Gives some bytes, and then fails. */
export function brokenBody(bytes: Buffer): Readable {
  return Readable.from(
    (async function* broken() {
      yield bytes;
      throw new Error('the line is cut');
    })(),
  );
}

export async function bytesOf(
  store: BlobStore,
  key: string,
  range?: ByteRange,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.open(key, range)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function keysOf(store: BlobStore, prefix: string) {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys.sort();
}

/** Takes its time, and so finds memory that is written over before its turn. */
export class SlowSink extends Writable {
  readonly bytes: Buffer[] = [];

  _write(chunk: Buffer, _: string, callback: () => void) {
    setTimeout(() => {
      this.bytes.push(Buffer.from(chunk));
      callback();
    }, 5);
  }
}
