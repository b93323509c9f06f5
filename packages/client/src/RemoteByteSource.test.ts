/** @jest-environment node */
import { createHash, randomBytes } from 'node:crypto';
import {
  AssetFile,
  BLOCK_SIZE,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from './AssetManagerClient';
import { AssetManagerError } from './AssetManagerError';
import { RemoteByteSource } from './RemoteByteSource';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();

/** A portal that has one file. */
function portalWith(bytes: Buffer) {
  const file: AssetFile = {
    path: 'data/file.bin',
    size: bytes.length,
    digest: `sha256:${sha256(bytes).toString('hex')}`,
    mediaType: 'application/octet-stream',
  };
  const served = Buffer.from(bytes);
  const client = {
    readFile: jest.fn(
      async (
        _version: unknown,
        _path: string,
        { start = 0, end = bytes.length - 1 }: { start?: number; end?: number },
      ) =>
        new Response(Uint8Array.from(served.subarray(start, end + 1)), {
          headers: { 'asset-store': 'local' },
        }),
    ),
    readBlockDigests: jest.fn(
      async (
        _version: unknown,
        _path: string,
        { first, count }: { first: number; count: number; wait?: boolean },
      ) =>
        Uint8Array.from(
          Buffer.concat(
            Array.from({ length: count }, (_, index) =>
              sha256(
                bytes.subarray(
                  (first + index) * BLOCK_SIZE,
                  (first + index + 1) * BLOCK_SIZE,
                ),
              ),
            ),
          ),
        ),
    ),
  };
  const open = (onUnverified?: () => void) =>
    new RemoteByteSource({
      client: client as unknown as AssetManagerClient,
      version: { namespace: 'data', name: 'asset', selector: '1' },
      file,
      onUnverified,
    });
  return { client, served, open };
}

const pending = new AssetManagerError({
  status: 503,
  message: 'it is read for the first time',
});

describe('reading ranges of a large file', () => {
  const bytes = randomBytes(3_000_000);

  it.each([
    [0, 1],
    [65_535, 2],
    [1_000_000, 1_000_000],
    [2_999_990, 100],
    [0, 3_000_000],
  ])('from %d, %d bytes: verified, and no more', async (offset, length) => {
    const { open, client } = portalWith(bytes);
    const read = await open().read(offset, length);
    expect(
      Buffer.from(read).equals(bytes.subarray(offset, offset + length)),
    ).toBe(true);
    const [, , range] = client.readFile.mock.calls[0];
    const { start = 0, end = 2_999_999 } = range;
    expect(end - start + 1).toBeLessThanOrEqual(length + 2 * BLOCK_SIZE);
  });

  it('fetches the digests once', async () => {
    const { open, client } = portalWith(bytes);
    const source = open();
    await source.read(0, 100);
    await source.read(2_000_000, 100);
    expect(client.readBlockDigests).toHaveBeenCalledTimes(1);
  });

  it.each([0, 65_536, 1_500_000, 2_999_999])(
    'refuses a flipped bit at %d where it is read, and nowhere else',
    async at => {
      const { open, served } = portalWith(bytes);
      served[at] = (served[at] + 128) % 256;
      await expect(open().read(at, 1)).rejects.toThrow(
        expect.objectContaining({ name: 'IntegrityError' }),
      );
      const elsewhere = (at + 1_000_000) % 3_000_000;
      expect((await open().read(elsewhere, 1))[0]).toBe(bytes[elsewhere]);
    },
  );

  it('reads another copy when one is damaged', async () => {
    const { open, served, client } = portalWith(bytes);
    served[100] = (served[100] + 1) % 256;
    const other = new Response(Uint8Array.from(bytes.subarray(0, BLOCK_SIZE)), {
      headers: { 'asset-store': 'bucket' },
    });
    const { readFile } = client;
    const first = readFile.getMockImplementation()!;
    readFile.mockImplementation(async (version, path, options) =>
      'without' in options && options.without === 'local'
        ? other
        : first(version, path, options),
    );
    expect((await open().read(100, 1))[0]).toBe(bytes[100]);
  });

  it.each([
    ['is cut', () => Promise.resolve(new Response(new Uint8Array(7)))],
    [
      'breaks off',
      () =>
        Promise.resolve(
          new Response(
            new ReadableStream({
              start: controller => controller.error(new TypeError('broken')),
            }),
          ),
        ),
    ],
    [
      'says that there is nothing',
      () =>
        Promise.reject(
          new AssetManagerError({ status: 416, message: 'past the end' }),
        ),
    ],
  ])('refuses an answer that %s, and asks once more', async (_, answer) => {
    const { open, client } = portalWith(bytes);
    client.readFile.mockImplementation(answer);
    await expect(open().read(0, 100)).rejects.toThrow(
      expect.objectContaining({ name: 'IntegrityError' }),
    );
    // The same store, over a line that is better now.
    const again = portalWith(bytes);
    again.client.readFile.mockImplementationOnce(answer);
    expect((await again.open().read(0, 100)).length).toBe(100);
  });

  it('gives what nobody could verify yet only to who wants that, and says so', async () => {
    const { open, client } = portalWith(bytes);
    client.readBlockDigests.mockRejectedValue(pending);
    await expect(open().read(0, 100)).rejects.toThrow(/first time/);
    expect(client.readBlockDigests.mock.calls[0][2].wait).not.toBe(false);
    const told = jest.fn();
    const source = open(told);
    expect((await source.read(0, 100)).length).toBe(100);
    await source.read(100, 100);
    expect(told).toHaveBeenCalledTimes(1);
    expect(client.readBlockDigests.mock.calls[1][2].wait).toBe(false);
  });

  it('asks again for digests that could not be had', async () => {
    const { open, client } = portalWith(bytes);
    client.readBlockDigests.mockRejectedValueOnce(new Error('gone'));
    const source = open();
    await expect(source.read(0, 100)).rejects.toThrow('gone');
    expect((await source.read(0, 100)).length).toBe(100);
  });
});

describe('reading ranges of a small file', () => {
  const bytes = randomBytes(1000);

  it('reads and verifies all of it', async () => {
    const { open, client } = portalWith(bytes);
    const read = await open().read(10, 20);
    expect(Buffer.from(read).equals(bytes.subarray(10, 30))).toBe(true);
    expect(client.readBlockDigests).not.toHaveBeenCalled();
  });

  it('refuses a flipped bit', async () => {
    const { open, served } = portalWith(bytes);
    served[999] = (served[999] + 1) % 256;
    await expect(open().read(0, 1)).rejects.toThrow(
      expect.objectContaining({ name: 'IntegrityError' }),
    );
  });

  it('gives nothing past the end', async () => {
    const { open } = portalWith(bytes);
    expect((await open().read(1000, 10)).length).toBe(0);
    await expect(open().read(1001, 1)).rejects.toThrow(RangeError);
  });
});
