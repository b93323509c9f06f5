import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';

/** What Node has built in, which is many times as fast; a browser has nothing that answers at once. */
const native = globalThis.process?.getBuiltinModule?.('node:crypto')?.hash;

/** SHA-256 of a text (as UTF-8) or of bytes, in lowercase hex digits. */
export function sha256Hex(content: string | Uint8Array): string {
  if (native) return native('sha256', content, 'hex');
  const bytes = typeof content === 'string' ? utf8ToBytes(content) : content;
  return bytesToHex(sha256(bytes));
}
