/**
 * Pulls on a disk that can clone files: btrfs, in a file that is mounted. The
 * file, `fixtures/btrfs.img.br`, is what mkfs.btrfs 6.2 makes of 112 MiB without
 * second copies of anything, so that nothing needs to be installed.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { root } from '../scripts/lib/tools.mjs';
import { folderOf, openPortal, personAt, temporaryFolder } from './support.mjs';

const MIB = 1024 * 1024;
const quiet = { stdio: 'pipe', timeout: 60_000 };

/** @returns where it is mounted, or why it can't be */
function mountDisk() {
  const folder = temporaryFolder('disk');
  const mountPoint = path.join(folder, 'mounted');
  const image = path.join(folder, 'image');
  try {
    fs.mkdirSync(mountPoint);
    fs.writeFileSync(
      image,
      brotliDecompressSync(
        fs.readFileSync(path.join(root, 'fixtures/btrfs.img.br')),
      ),
    );
    execFileSync('mount', ['-o', 'loop', image, mountPoint], quiet);
    return { mountPoint };
  } catch (error) {
    return {
      missing: `no btrfs can be mounted from a file: ${
        `${error.stderr ?? error.message}`.trim().split('\n')[0]
      }`,
    };
  }
}

const { mountPoint, missing } = mountDisk();
if (missing) console.error(`SKIPPED: clones of files: ${missing}`);

describe('on a disk that can clone files', { skip: missing }, () => {
  const bytes = randomBytes(24 * MIB);
  let portal;
  let otto;

  /** MiB that the disk holds. */
  const held = () => {
    execFileSync('sync', ['-f', mountPoint], quiet);
    const { blocks, bfree, bsize } = fs.statfsSync(mountPoint);
    return ((blocks - bfree) * bsize) / MIB;
  };
  const pull = async (to, ...options) => {
    const target = path.join(mountPoint, to);
    await otto.ok('pull', 'data/clones', '-o', target, ...options);
    return path.join(target, 'large.bin');
  };

  before(async () => {
    portal = await openPortal();
    const maya = personAt(portal, 'maya');
    otto = personAt(portal, 'otto', {
      BASEASSET_CACHE: path.join(mountPoint, 'cache'),
    });
    await maya.signIn();
    await otto.signIn();
    const folder = folderOf({ 'large.bin': bytes });
    await maya.ok('push', folder, 'data/clones', '--type', 'dataset');
  });

  after(async () => {
    await portal?.close();
    execFileSync('umount', ['-l', mountPoint], quiet);
  });

  it('cache and folders share what they have', async () => {
    const before = held();
    const cold = await pull('cold');
    const afterOne = held() - before;
    assert.ok(afterOne > 23 && afterOne < 30, `one pull took ${afterOne} MiB`);
    const warm = await pull('warm');
    const afterTwo = held() - before;
    assert.ok(afterTwo < 30, `two pulls took ${afterTwo} MiB`);
    for (const file of [cold, warm])
      assert.ok(fs.readFileSync(file).equals(bytes));
  });

  it('an edit reaches nobody else', async () => {
    const edited = await pull('edited');
    const handle = fs.openSync(edited, 'r+');
    fs.writeSync(handle, 'mine', 12 * MIB);
    fs.closeSync(handle);
    const other = await pull('other');
    assert.ok(fs.readFileSync(other).equals(bytes));
    assert.ok(!fs.readFileSync(edited).equals(bytes));
  });

  it('a link that can not be made is a copy, which is said', async () => {
    const target = path.join(temporaryFolder('elsewhere'), 'linked');
    const { code, stderr } = await otto.asset(
      ...['pull', 'data/clones', '-o', target, '--link'],
    );
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /1 file could not be linked to .*cache, and is a copy/,
    );
    const file = path.join(target, 'large.bin');
    assert.ok(fs.readFileSync(file).equals(bytes));
    fs.appendFileSync(file, 'mine');
    assert.ok(fs.readFileSync(await pull('unmoved')).equals(bytes));
  });

  it('a blob that was damaged is not cloned', async () => {
    const cached = fs
      .readdirSync(path.join(mountPoint, 'cache/sha256'), {
        recursive: true,
        withFileTypes: true,
      })
      .filter(entry => entry.isFile())
      .map(entry => path.join(entry.parentPath, entry.name))
      .find(file => fs.statSync(file).size === bytes.length);
    fs.chmodSync(cached, 0o644);
    const handle = fs.openSync(cached, 'r+');
    fs.writeSync(handle, 'rot', MIB);
    fs.closeSync(handle);
    assert.ok(fs.readFileSync(await pull('healed')).equals(bytes));
    assert.ok(fs.readFileSync(cached).equals(bytes));
  });
});
