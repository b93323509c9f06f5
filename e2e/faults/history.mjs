/**
 * One history, drawn by a seed: an asset is pushed twice, then moved,
 * replicated, or deleted, and collected, while one thing after the other goes
 * wrong. Afterwards everything that was acknowledged has to be readable and
 * equal, nothing visible may be torn, and nothing may be left for ever.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { folderOf, temporaryFolder, until } from '../support.mjs';
import { MOMENTS, SILENCES } from './FaultProxy.mjs';
import { generatorOf } from './generatorOf.mjs';
import { BUCKET, PART_SIZE } from './Replicas.mjs';

/** Requests of clients to a backend. */
const FRONT = {
  begin: /^POST \S+\/assets\/\S+\/uploads$/,
  page: /^PUT \S+\/pages\/\d+$/,
  pack: /^PUT \S+\/packs\/sha256/,
  part: /^PUT \S+\/parts\/\d+$/,
  sign: /^POST \S+\/sign$/,
  'complete-pack': /^POST \S+\/complete-pack$/,
  complete: /^POST \S+\/complete$/,
  commit: /^POST \S+\/commit$/,
  copies: /^POST \S+\/copies$/,
  delete: /^PUT \S+\/deletion$/,
  collect: /^POST \S+\/storage\/collection$/,
  check: /^POST \S+\/storage\/checks$/,
};

/** Requests of clients and backends to the bucket. */
const STORE = {
  'bucket PUT': /^PUT /,
  'bucket GET': /^GET \/faults\/[^?]+(\?|$)/,
  'bucket DELETE': /^DELETE /,
  'bucket begin of parts': /^POST \S+\?uploads/,
  'bucket end of parts': /^POST \S+uploadId=/,
};

const STEPS_OF = {
  'push to local': ['begin', 'page', 'pack', 'part', 'complete', 'commit'],
  'push to bucket': [
    'begin',
    'page',
    'sign',
    'complete-pack',
    'complete',
    'commit',
    'bucket PUT',
    'bucket begin of parts',
    'bucket end of parts',
  ],
  move: ['copies', 'bucket PUT', 'bucket GET'],
  replicate: ['copies', 'bucket PUT', 'bucket GET'],
  delete: ['delete'],
  collect: ['collect', 'bucket DELETE'],
  check: ['check', 'bucket GET'],
};

/** Steps of which a command has several. */
const REPEATED = {
  part: 3,
  collect: 2,
  'bucket PUT': 4,
  'bucket GET': 4,
  'bucket DELETE': 4,
};

const pause = ms =>
  new Promise(resolve => {
    setTimeout(resolve, ms);
  });

function filesUnder(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .sort();
}

export class History {
  #replicas;
  #people;
  #random;
  #name;
  #home;
  #kills = 0;
  /** What happened, a line each. */
  lines = [];
  /** Files of each version that was acknowledged, by its label. */
  #acknowledged = new Map();
  #files = {};

  constructor(seed, { replicas, people }) {
    this.#replicas = replicas;
    this.#people = people;
    this.#random = generatorOf(seed);
    this.#home = this.#pick(['local', BUCKET]);
    const namespace = this.#home === BUCKET ? 'cloud' : 'faults';
    this.#name = `${namespace}/history-${seed}`;
  }

  async run() {
    await this.#push('v1');
    await this.#push('v2');
    const act = this.#pick(['move', 'replicate', 'delete', 'check']);
    if (act === 'delete') await this.#delete('v1');
    else if (act === 'check') await this.#check();
    else await this.#copy(act);
    if (act === 'replicate') await this.#rot();
    await this.#collect();
    await this.#replicas.whole();
    await this.#readEverything();
  }

  #pick(items) {
    return items[Math.floor(this.#random() * items.length)];
  }

  /**
   * Runs command lines while something goes wrong, and again until they succeed.
   *
   * @param operation - a key of `STEPS_OF`
   * @param line - the arguments of `asset`
   * @param options.twice - whether two do it at the same time
   */
  async #underFault(operation, line, { twice = false } = {}) {
    const { maya } = this.#people;
    const step = this.#pick(STEPS_OF[operation]);
    // Of a portal that says nothing nobody would wait for the end here.
    const moment = this.#pick(
      STORE[step] ? [...MOMENTS, ...SILENCES] : MOMENTS,
    );
    const nth = 1 + Math.floor(this.#random() * (REPEATED[step] ?? 1));
    let victim = this.#pick(['backend', 'client', 'line']);
    if (victim === 'backend' && ++this.#kills > 1) victim = 'line';
    if (moment === 'refused' || SILENCES.includes(moment)) victim = 'nobody';
    const running = [];
    const strikeAt = kill => port => {
      if (victim === 'backend') kill(port);
      if (victim === 'client')
        for (const { child } of running) child.kill('SIGKILL');
    };
    const { front, stores } = this.#replicas;
    const fault = { moment, nth };
    if (FRONT[step]) {
      front.arm({
        ...fault,
        matches: request => FRONT[step].test(request),
        strike: strikeAt(port => this.#replicas.kill(port)),
      });
    } else {
      for (const [index, store] of stores.entries())
        store.arm({
          ...fault,
          matches: request => STORE[step].test(request),
          strike: strikeAt(() => this.#replicas.killOne(index)),
        });
    }
    let attempts = 0;
    let ended;
    do {
      // What an attempt ordered whose answer was lost has to come to its end first.
      if (/is under way/.test(ended?.stderr)) await pause(3000);
      if (++attempts > 30)
        throw new Error(`asset ${line.join(' ')}: ${ended.stderr}`);
      if (attempts > 2) await this.#replicas.whole();
      running.splice(0);
      running.push(maya.start(line));
      if (twice) running.push(maya.start(line));
      [ended] = await Promise.all(running.map(each => each.ended));
    } while (ended.code !== 0);
    const struck = [front, ...stores]
      .map(proxy => proxy.disarm())
      .some(Boolean);
    this.lines.push(
      `${operation}: ${
        struck ? `${victim}, ${moment} ${step} ${nth}` : 'nothing'
      }${attempts > 1 ? `, ${attempts} attempts` : ''}`,
    );
    return ended;
  }

  async #push(label) {
    const files = { ...this.#files };
    const count = 9 + Math.floor(this.#random() * 20);
    for (let index = 0; index < count; index++)
      files[`small/${index}`] = randomBytes(
        1 + Math.floor(this.#random() * 5000),
      );
    files.large = randomBytes(2 * PART_SIZE + 17);
    files['middle.bin'] ??= randomBytes(300_000);
    const folder = folderOf(files);
    await this.#underFault(`push to ${this.#home}`, [
      'push',
      folder,
      this.#name,
      '--type',
      'dataset',
      '--version',
      label,
    ]);
    fs.rmSync(folder, { recursive: true });
    this.#files = files;
    this.#acknowledged.set(label, files);
  }

  async #copy(act) {
    const target = this.#home === BUCKET ? 'local' : BUCKET;
    await this.#underFault(act, [act, this.#name, '--to', target, '--detach']);
    await until(
      async () => {
        const { code, stdout } = await this.#people.maya.asset(
          'store',
          'jobs',
          this.#name,
          '--json',
        );
        if (code !== 0) return false;
        const [job] = JSON.parse(stdout).items;
        if (job.state !== 'failed') return job.state === 'done';
        // A store that refused; a person orders it again.
        await this.#people.maya.asset(
          act,
          this.#name,
          '--to',
          target,
          '--detach',
        );
        return false;
      },
      `the ${act} of ${this.#name}`,
      120,
    );
  }

  /** Bits flip where there is another copy: it is read, and what has rotted is mended from it. */
  async #rot() {
    const { uid } = await this.#people.maya.json('show', this.#name);
    const files = filesUnder(path.join(this.#replicas.blobs, 'blobs', uid));
    const rotten = new Set(
      Array.from({ length: 1 + Math.floor(this.#random() * 4) }, () =>
        this.#pick(files),
      ),
    );
    for (const file of rotten) this.#flipBit(file);
    this.lines.push(
      `rot: ${[...rotten]
        .map(file => path.relative(this.#replicas.blobs, file).split('/')[2])
        .sort()
        .join(', ')}`,
    );
    await this.#readEverything();
    await this.#underFault('check', ['store', 'check', '--read-data']);
  }

  #flipBit(file) {
    const bytes = fs.readFileSync(file);
    if (bytes.length === 0) return;
    bytes[Math.floor(this.#random() * bytes.length)] ^=
      1 << Math.floor(this.#random() * 8);
    const { mode } = fs.statSync(file);
    fs.chmodSync(file, 0o600);
    fs.writeFileSync(file, bytes);
    fs.chmodSync(file, mode);
  }

  async #delete(label) {
    await this.#underFault('delete', [
      'delete',
      `${this.#name}@${label}`,
      '--yes',
    ]);
    this.#acknowledged.delete(label);
  }

  async #check() {
    await this.#underFault('check', ['store', 'check', '--read-data']);
  }

  /** Two collectors at once, with nothing between a sentence and its execution but a second. */
  async #collect() {
    await pause(1100);
    await this.#underFault('collect', ['gc'], { twice: true });
    await pause(1100);
    await this.#people.maya.ok('gc');
  }

  /** On a machine that has none of it yet, by another person. */
  async #readEverything() {
    const { otto } = this.#people;
    for (const [label, files] of this.#acknowledged) {
      const target = path.join(temporaryFolder('pull'), 'out');
      const cache = temporaryFolder('cache');
      const pull = async () => {
        const { code, stderr } = await otto.start(
          ['pull', `${this.#name}@${label}`, '-o', target],
          { env: { BASEASSET_CACHE: cache } },
        ).ended;
        assert.equal(code, 0, `pull of ${label}: ${stderr}`);
        for (const [name, content] of Object.entries(files))
          assert.ok(
            fs.readFileSync(path.join(target, name)).equals(content),
            `${name} of ${label} is other than what was pushed`,
          );
        fs.rmSync(path.dirname(target), { recursive: true });
      };
      await pull();
      // What has rotted in the cache is noticed when it is used.
      this.#flipBit(this.#pick(filesUnder(path.join(cache, 'sha256'))));
      await pull();
      fs.rmSync(cache, { recursive: true });
    }
    // What can be seen is whole, acknowledged or not.
    const { versions } = await otto.json('show', this.#name);
    for (const { label, deletion } of versions) {
      if (deletion) continue;
      await until(
        async () =>
          (await otto.json('show', `${this.#name}@${label}`)).verification ===
          'verified',
        `${this.#name}@${label} to be verified`,
        60,
      );
    }
  }
}

/** Nothing is missing, damaged or lost, and nothing is left that an operator can't have deleted. */
export async function assertNothingIsLeft(replicas, { maya }) {
  await replicas.whole();
  const { items: uploads } = await maya.json('uploads', 'list');
  for (const { id } of uploads) await maya.ok('uploads', 'abort', id);
  const check = async (...options) =>
    (await maya.json('store', 'check', ...options)).findings;
  const collect = async () => {
    for (let round = 0; round < 3; round++) {
      await pause(1100);
      await maya.ok('gc');
    }
  };
  await collect();
  const found = await check('--read-data', '--collect-orphans');
  assert.deepEqual(
    found.filter(({ problem }) => ['missing', 'damaged'].includes(problem)),
    [],
  );
  await collect();
  assert.deepEqual(await check(), []);
  // What a killed backend was deleting is taken up when it must have died.
  await until(
    async () => {
      await maya.ok('gc');
      return (await maya.json('gc', '--dry-run')).items.length === 0;
    },
    'everything that is condemned to be deleted',
    60,
  );
  return found.length;
}
