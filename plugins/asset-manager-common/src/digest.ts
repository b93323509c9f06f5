import { InputError } from '@backstage/errors';
import { sha256Hex } from './sha256';

/**
 * A content address: `sha256:` and 64 lowercase hex digits, in the grammar of
 * the OCI image specification.
 *
 * @public
 */
export type Digest = `sha256:${string}`;

const WHOLE = /^sha256:[0-9a-f]{64}$/;
const PREFIX = /^sha256:[0-9a-f]{12,64}$/;

/**
 * Whether the text is a whole digest.
 *
 * @public
 */
export function isDigest(text: string): text is Digest {
  return WHOLE.test(text);
}

/**
 * Whether the text is a digest or the first twelve or more of its hex digits,
 * which is what a reference may carry.
 *
 * @public
 */
export function isDigestPrefix(text: string): text is Digest {
  return PREFIX.test(text);
}

/**
 * Reads a whole digest.
 *
 * @throws InputError when the text is none
 * @public
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new InputError(
      `'${text}' is not a digest: it must be sha256: and 64 lowercase hex digits`,
    );
  }
  return text;
}

/**
 * The digest of a text (as UTF-8) or of bytes that are in memory already.
 * Whole files are hashed while they are read, never by this.
 *
 * @public
 */
export function digestOf(content: string | Uint8Array): Digest {
  return `sha256:${sha256Hex(content)}`;
}

/**
 * The first twelve hex digits with their prefix: how a digest is shown to people.
 *
 * @public
 */
export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
