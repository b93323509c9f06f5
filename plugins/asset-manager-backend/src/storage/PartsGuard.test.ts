import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PartsGuard } from './PartsGuard';

describe('PartsGuard', () => {
  let folder: string;
  let file: string;
  /** Two processes that share a directory. */
  let one: PartsGuard;
  let other: PartsGuard;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'parts-'));
    file = path.join(folder, 'session.parts');
    one = new PartsGuard();
    other = new PartsGuard();
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Makes what a process says as old as if it had died. */
  const silence = async (ending: string) => {
    const long = new Date(Date.now() - 60_000);
    for (const name of await readdir(folder))
      if (name.endsWith(ending))
        await utimes(path.join(folder, name), long, long);
  };

  it('lets nobody write while a blob is made, be it elsewhere', async () => {
    const completing = await one.complete(file);
    for (const guard of [one, other]) {
      await expect(guard.write(file)).rejects.toThrow('is being made');
      await expect(guard.complete(file)).rejects.toThrow('ask again');
    }
    await completing.end();
    await (await other.write(file)).end();
  });

  it('makes no blob while somebody writes, be it elsewhere', async () => {
    const writing = await other.write(file);
    for (const guard of [one, other])
      await expect(guard.complete(file)).rejects.toThrow('still being written');
    await writing.assertMay();
    await writing.end();
    await (await one.complete(file)).end();
  });

  it('knows whether others have written', async () => {
    await (await one.write(file)).end();
    const alone = await one.complete(file);
    expect(alone.byOthers).toBe(false);
    await alone.end();
    await (await other.write(file)).end();
    const shared = await one.complete(file);
    expect(shared.byOthers).toBe(true);
    await shared.end();
    await one.forget(file);
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not wait for the dead, who do not write when they wake up', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
    try {
      const writing = await other.write(file);
      await writeFile(path.join(folder, 'another.parts.x.writing'), '');
      await silence('.writing');
      const completing = await one.complete(file);
      expect(completing.byOthers).toBe(true);
      jest.setSystemTime(Date.now() + 60_000);
      await expect(writing.assertMay()).rejects.toThrow('held up for too long');
      await writing.end();
      await completing.end();
      expect(await readdir(folder)).toEqual(['another.parts.x.writing']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('takes over from who died in the middle of making a blob', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
    try {
      await other.complete(file);
      await silence('.completing');
      await (await one.complete(file)).end();
      expect(await readdir(folder)).toEqual([]);
    } finally {
      jest.useRealTimers();
    }
  });
});
