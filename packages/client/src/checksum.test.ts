import { createHash, randomBytes } from 'node:crypto';
import { base64OfHex, checksumOf } from './checksum';

async function* inBlocks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size)
    yield bytes.subarray(at, at + size);
}

describe('checksumOf', () => {
  it('makes the CRC32C of the check value and of the examples of RFC 3720', async () => {
    const crc = async (bytes: Buffer) =>
      Buffer.from(
        await checksumOf('crc32c', inBlocks(bytes, 7)),
        'base64',
      ).toString('hex');
    expect(await crc(Buffer.from('123456789'))).toBe('e3069283');
    // The RFC prints its bytes in the order of the wire: aa 36 91 8a.
    expect(await crc(Buffer.alloc(32))).toBe('8a9136aa');
    expect(await crc(Buffer.alloc(32, 0xff))).toBe('62a8ab43');
    expect(await crc(Buffer.alloc(0))).toBe('00000000');
  });

  it('makes the SHA-256 in base64, and the same of its hex digits', async () => {
    const bytes = randomBytes(100_000);
    const hash = createHash('sha256').update(bytes);
    const hex = hash.copy().digest('hex');
    const expected = hash.digest('base64');
    expect(await checksumOf('sha256', inBlocks(bytes, 4096))).toBe(expected);
    expect(base64OfHex(hex)).toBe(expected);
  });
});
