/**
 * One power cut, drawn by a seed. A portal with all that it has on a disk of its
 * own takes pushes; at a drawn moment it stands still, and what the disk has by
 * then is copied, as if the machine had lost its power: what stood in memory
 * alone is not in the copy. A portal that wakes up on the copy has to give back
 * everything that was acknowledged, and nothing torn.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {
  folderOf,
  openPortal,
  personAt,
  temporaryFolder,
  until,
} from '../support.mjs';
import { generatorOf } from './generatorOf.mjs';

const DISK = '700M';
const quiet = { stdio: 'pipe', timeout: 60_000 };

const pause = ms =>
  new Promise(resolve => {
    setTimeout(resolve, ms);
  });

/** A file system in a file, which can be copied while it is in use. */
class Disk {
  static make() {
    const folder = temporaryFolder('disk');
    const image = path.join(folder, 'image');
    execFileSync('truncate', ['-s', DISK, image], quiet);
    // As every disk has it; no blocks that are set aside for root.
    execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', image], quiet);
    return new Disk(folder);
  }

  #folder;

  constructor(folder) {
    this.#folder = folder;
  }

  get #image() {
    return path.join(this.#folder, 'image');
  }

  get mountPoint() {
    return path.join(this.#folder, 'mounted');
  }

  mount() {
    fs.mkdirSync(this.mountPoint, { recursive: true });
    execFileSync('mount', ['-o', 'loop', this.#image, this.mountPoint], quiet);
  }

  /** What the disk would have if the power went now. */
  copy() {
    const folder = temporaryFolder('disk');
    execFileSync(
      'cp',
      ['--sparse=always', this.#image, path.join(folder, 'image')],
      quiet,
    );
    return new Disk(folder);
  }

  remove() {
    try {
      execFileSync('umount', ['-l', this.mountPoint], quiet);
    } catch {
      // It was not mounted.
    }
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Why there can be no power cuts here; undefined where there can. */
export function whyNoPowerCuts() {
  let disk;
  try {
    disk = Disk.make();
    disk.mount();
    return undefined;
  } catch (error) {
    return `no file system can be mounted from a file: ${
      `${error.stderr ?? error.message}`.trim().split('\n')[0]
    }`;
  } finally {
    disk?.remove();
  }
}

export class PowerCut {
  #random;
  /** Files of what was acknowledged, by reference. */
  #acknowledged = new Map();
  /** What happened, a line each. */
  lines = [];

  constructor(seed) {
    this.#random = generatorOf(seed);
  }

  async run() {
    const disk = Disk.make();
    let copy;
    let portal;
    let after;
    try {
      disk.mount();
      const data = path.join(disk.mountPoint, 'data');
      const configuration = {
        assetManager: {
          uploads: { partSize: 1024 * 1024 },
          operators: ['user:default/maya'],
          storage: { fixity: { enabled: false } },
        },
      };
      portal = await openPortal({ dataDirectory: data, configuration });
      const maya = personAt(portal, 'maya');
      await maya.signIn();
      const stopped = this.#pushUntilTheEnd(maya);
      await pause(500 + this.#random() * 6000);
      process.kill(portal.pid(), 'SIGSTOP');
      const acknowledged = new Map(this.#acknowledged);
      copy = disk.copy();
      await portal.kill();
      await stopped;
      this.lines.push(`${acknowledged.size} versions were acknowledged`);

      copy.mount();
      after = await openPortal({
        dataDirectory: path.join(copy.mountPoint, 'data'),
        configuration,
      });
      await this.#lookAt(after, acknowledged);
    } finally {
      await portal?.kill().catch(() => {});
      await after?.kill().catch(() => {});
      disk.remove();
      copy?.remove();
    }
  }

  /** Two at a time, until the portal answers no more. */
  async #pushUntilTheEnd(maya) {
    let ended = false;
    const hand = async number => {
      for (let round = 0; !ended; round++) {
        const name = `power/asset-${number}-${round % 3}`;
        const label = `v${round}`;
        const files = this.#files();
        const folder = folderOf(files);
        const { code } = await maya.start(
          ['push', folder, name, '--type', 'dataset', '--version', label],
          { timeout: 20_000 },
        ).ended;
        fs.rmSync(folder, { recursive: true });
        if (code === 0) this.#acknowledged.set(`${name}@${label}`, files);
        else ended = true;
      }
    };
    await Promise.all([hand(1), hand(2)]);
  }

  /** Small files that go in packs, one in a piece, and sometimes one in parts. */
  #files() {
    const files = {};
    const count = 1 + Math.floor(this.#random() * 30);
    for (let index = 0; index < count; index++)
      files[`small/${index}`] = randomBytes(1 + this.#random() * 9000);
    files['piece.bin'] = randomBytes(300_000);
    if (this.#random() < 0.5) files['parts.bin'] = randomBytes(3_500_000);
    return files;
  }

  async #lookAt(portal, acknowledged) {
    const otto = personAt(portal, 'otto');
    const maya = personAt(portal, 'maya');
    await otto.signIn();
    await maya.signIn();
    for (const [reference, files] of acknowledged) {
      const target = path.join(temporaryFolder('pull'), 'out');
      await otto.ok('pull', reference, '-o', target);
      for (const [name, content] of Object.entries(files))
        assert.ok(
          fs.readFileSync(path.join(target, name)).equals(content),
          `${name} of ${reference} is other than what was pushed`,
        );
      fs.rmSync(path.dirname(target), { recursive: true });
    }
    // What was not acknowledged may be there, too: whole, or not at all.
    const { findings } = await until(async () => {
      const { code, stdout } = await maya.asset(
        ...['store', 'check', '--read-data', '--json'],
      );
      return code === 0 || code === 1 ? JSON.parse(stdout) : undefined;
    }, 'a check of the store');
    assert.deepEqual(
      findings.filter(({ problem }) =>
        ['missing', 'damaged'].includes(problem),
      ),
      [],
    );
    const { items } = await maya.json('list', 'power/');
    for (const { namespace, name } of items) {
      const { versions } = await maya.json('show', `${namespace}/${name}`);
      for (const { label } of versions)
        await otto.ok('verify', `${namespace}/${name}@${label}`);
    }
  }
}
