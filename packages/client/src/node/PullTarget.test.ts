/** @jest-environment node */
import { promises } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PullTarget } from './PullTarget';
import { scan } from './scan';

describe('PullTarget', () => {
  let top: string;

  beforeEach(async () => {
    top = await mkdtemp(path.join(os.tmpdir(), 'target-'));
  });

  afterEach(() => rm(top, { recursive: true }));

  const fill = async (target: PullTarget) => {
    await target.ensureFolders([{ path: 'deep/er/file' }]);
    await writeFile(target.locationOf({ path: 'deep/er/file' }), 'bytes');
  };

  it('shows a new folder when it is whole, and not before', async () => {
    const folder = path.join(top, 'a/b');
    const target = await PullTarget.open(folder);
    await fill(target);
    expect(target.isNew).toBe(true);
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await target.reveal(Date.now())).toBe(true);
    expect(await readFile(path.join(folder, 'deep/er/file'), 'utf8')).toBe(
      'bytes',
    );
    await target.discard();
    expect(await readdir(path.join(top, 'a'))).toEqual(['b']);
  });

  it('waits until the clock of the disk has moved on', async () => {
    const target = await PullTarget.open(path.join(top, 'a'));
    const writtenAt = Date.now();
    await target.reveal(writtenAt);
    expect(Date.now() - writtenAt).toBeGreaterThanOrEqual(50);
  });

  it('leaves nothing of what was given up', async () => {
    const target = await PullTarget.open(path.join(top, 'in/new/folders/a'));
    await fill(target);
    await target.discard();
    expect(await readdir(top)).toEqual([]);
  });

  it('gives way to a folder that somebody has made meanwhile', async () => {
    const folder = path.join(top, 'a');
    const target = await PullTarget.open(folder);
    await fill(target);
    await mkdir(folder);
    await writeFile(path.join(folder, 'own'), 'a person’s');
    expect(await target.reveal(Date.now())).toBe(false);
    await target.discard();
    expect(await readdir(top)).toEqual(['a']);
    expect(await readdir(folder)).toEqual(['own']);
  });

  it('writes into a folder that stands, one file after the other', async () => {
    await mkdir(path.join(top, 'a'));
    const target = await PullTarget.open(path.join(top, 'a'));
    expect(target.isNew).toBe(false);
    expect(target.placeOf({ path: 'file' }).temporary).toMatch(/\.part$/);
    await fill(target);
    await target.discard();
    expect(await readdir(path.join(top, 'a/deep/er'))).toEqual(['file']);
  });

  it('does not follow links out of a folder that stands', async () => {
    const folder = path.join(top, 'a');
    await mkdir(folder);
    await symlink(top, path.join(folder, 'out'));
    const target = await PullTarget.open(folder);
    await expect(
      target.ensureFolders([{ path: 'out/side/file' }]),
    ).rejects.toThrow('is a link out of the folder that is pulled into');
  });

  it('fills a folder file by file where it can get no other name', async () => {
    const folder = path.join(top, 'a');
    const target = await PullTarget.open(folder);
    const rename = jest
      .spyOn(promises, 'rename')
      .mockRejectedValueOnce(new Error('EPERM'));
    expect(await target.reveal(Date.now())).toBe(false);
    rename.mockRestore();
    await target.discard();
    expect((await PullTarget.open(folder)).isNew).toBe(false);
  });

  it('shows nothing of which a part was taken away', async () => {
    const folder = path.join(top, 'a');
    const target = await PullTarget.open(folder);
    await fill(target);
    await rm(target.root, { recursive: true });
    await mkdir(path.join(top, 'takes the number of the folder'));
    await mkdir(target.root);
    await expect(target.reveal(Date.now())).rejects.toThrow(
      'was taken away in the middle of the pull',
    );
    await target.discard();
  });

  it('removes from a folder that stands what killed pulls had not written whole', async () => {
    const folder = path.join(top, 'a/deep');
    await mkdir(folder, { recursive: true });
    const target = await PullTarget.open(path.join(top, 'a'));
    const live = path.basename(target.placeOf({ path: 'file' }).temporary!);
    const dead = live.replace(`.${process.pid}.`, '.999999999.');
    const names = [dead, live, '.a.part', `x${dead}`, 'file'];
    for (const name of names) await writeFile(path.join(folder, name), '');
    // Neither is a file that somebody would push.
    expect((await scan(folder)).files.map(file => file.path)).toEqual(
      ['.a.part', `x${dead}`, 'file'].sort(),
    );
    await target.ensureFolders([{ path: 'deep/other' }]);
    expect(await readdir(folder)).toEqual(
      names.filter(name => name !== dead).sort(),
    );
  });

  describe('removes what', () => {
    const own = async () => {
      const target = await PullTarget.open(path.join(top, 'own'));
      return path.basename(target.root);
    };
    const begin = async (name: string) => {
      await mkdir(path.join(top, name));
      await writeFile(path.join(top, name, 'file'), '');
      return name;
    };
    const sweep = async () => {
      const target = await PullTarget.open(path.join(top, 'a'));
      await target.discard();
      return (await readdir(top)).sort();
    };
    /** The name that another process of this machine, or of another one, would give. */
    const nameOf = (live: string, pid: number, machine?: string) =>
      `.00c0ffee.${machine ?? live.split('.')[2]}.${pid}.pull`;

    it('killed pulls have left, and leaves those alone that run', async () => {
      const live = await own();
      await begin(nameOf(live, 999_999_999));
      const others = [
        await begin(nameOf(live, process.ppid)),
        await begin('.mine.pull'),
      ];
      expect(await sweep()).toEqual([live, ...others].sort());
    });

    it('a process of the same number left before it', async () => {
      const live = await own();
      const former = await begin(nameOf(live, process.pid));
      const before = new Date(performance.timeOrigin - 1000);
      await utimes(path.join(top, former), before, before);
      expect(await sweep()).toEqual([live]);
    });

    it('has been silent for an hour, wherever it was written', async () => {
      const live = await own();
      const other = await begin(nameOf(live, 999_999_999, '0badcafe'));
      expect(await sweep()).toEqual([live, other].sort());
      const long = new Date(Date.now() - 61 * 60_000);
      await utimes(path.join(top, other), long, long);
      expect(await sweep()).toEqual([live]);
    });
  });

  it('says what is in the way', async () => {
    await writeFile(path.join(top, 'file'), '');
    await expect(PullTarget.open(path.join(top, 'file'))).rejects.toThrow(
      'is no folder',
    );
    await expect(PullTarget.open(path.join(top, 'file/a'))).rejects.toThrow(
      /"[^"]*\/file" is no folder/,
    );
    await expect(
      PullTarget.open(path.join(top, 'n'.repeat(300))),
    ).rejects.toThrow(/can't be made \(ENAMETOOLONG\)/);
  });
});
