/**
 * Bytes as UTF-8 text; what is none becomes a replacement character.
 *
 * @public
 */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}
