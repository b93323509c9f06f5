import { createCRC32, createSHA256 } from 'hash-wasm';
import type {
  Digest,
  PartChecksum,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** The polynomial of CRC32C, its bits reversed. */
const CASTAGNOLI = 0x82f63b78;

/**
 * The checksum of a piece as a bucket wants it, in base64.
 *
 * @param kind - SHA-256, or CRC32C (RFC 3720) with its highest byte first
 * @public
 */
export async function checksumOf(
  kind: PartChecksum,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> {
  const hash = await (kind === 'sha256'
    ? createSHA256()
    : createCRC32(CASTAGNOLI));
  hash.init();
  for await (const block of bytes) hash.update(block);
  return base64(hash.digest('binary'));
}

/** SHA-256 of bytes that are at hand, by the fastest way there is here. */
export async function sha256BytesOf(bytes: Uint8Array): Promise<Uint8Array> {
  const { createHash } =
    globalThis.process?.getBuiltinModule?.('node:crypto') ?? {};
  if (createHash) return createHash('sha256').update(bytes).digest();
  // Browsers give theirs only to pages that came by a safe way.
  const { subtle } = globalThis.crypto ?? {};
  if (subtle)
    return new Uint8Array(
      await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>),
    );
  const hash = await createSHA256();
  return hash.init().update(bytes).digest('binary');
}

/** The digest of bytes that are at hand. */
export async function sha256Of(bytes: Uint8Array): Promise<Digest> {
  const hex = Array.from(await sha256BytesOf(bytes), byte =>
    byte.toString(16).padStart(2, '0'),
  );
  return `sha256:${hex.join('')}`;
}

/** Hex digits as the bytes that they mean, in base64. */
export function base64OfHex(hex: string): string {
  return base64(
    Uint8Array.from(hex.match(/../g) ?? [], pair => parseInt(pair, 16)),
  );
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
