import { Permits, readAhead } from './readAhead';

const file = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251));

async function all(
  options: Partial<Parameters<typeof readAhead>[0]> = {},
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readAhead({
    start: 0,
    size: file.length,
    rangeBytes: 64,
    permits: new Permits(8),
    hands: 4,
    read: async ({ start, end }) => [file.subarray(start, end + 1)],
    ...options,
  }))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

const pause = (ms: number) =>
  new Promise(resolve => {
    setTimeout(resolve, ms);
  });

describe('reading ahead', () => {
  it('gives the bytes in order, whichever range comes first', async () => {
    const bytes = await all({
      read: async ({ start, end }) => {
        await pause((start / 64) % 3);
        return [
          file.subarray(start, start + 7),
          file.subarray(start + 7, end + 1),
        ];
      },
    });
    expect(bytes.equals(file)).toBe(true);
    expect((await all({ start: 500 })).equals(file.subarray(500))).toBe(true);
    expect((await all({ start: 1000 })).length).toBe(0);
  });

  it('has no more requests on their way than it may, of one reader and of all', async () => {
    let running = 0;
    let most = 0;
    const read = async ({ start, end }: { start: number; end: number }) => {
      most = Math.max(most, ++running);
      await pause(1);
      running--;
      return [file.subarray(start, end + 1)];
    };
    await all({ read });
    expect(most).toBe(4);
    most = 0;
    const permits = new Permits(5);
    const readers = Array.from({ length: 6 }, () => all({ read, permits }));
    for (const bytes of await Promise.all(readers))
      expect(bytes.equals(file)).toBe(true);
    expect(most).toBe(5);
  });

  it('stops the others and gives its permits back when a range fails', async () => {
    const permits = new Permits(4);
    const stopped: number[] = [];
    const failing = all({
      permits,
      read: async ({ start, end }, signal) => {
        if (start === 64) throw new Error('the line is cut');
        signal.addEventListener('abort', () => stopped.push(start));
        return [file.subarray(start, end + 1)];
      },
    });
    await expect(failing).rejects.toThrow('the line is cut');
    expect(stopped).toContain(128);
    expect((await all({ permits })).equals(file)).toBe(true);
  });
});
