/** What the benchmarks share: clocks, memory, files to send, and the table of results. */
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const MIB = 1024 * 1024;

/**
 * Everything that the benchmarks write. It goes at the very end: a file system
 * that has just deleted much makes new files slowly.
 */
export const workshop = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-'));

let folders = 0;
/** A name for a folder that is not there yet. */
export function newFolder(name) {
  return path.join(workshop, `${folders++}-${name}`);
}

/** @returns seconds */
export async function seconds(work) {
  const started = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - started) / 1e9;
}

/**
 * Seconds that begin with a disk at rest: who writes next would pay for what was
 * written before, and who syncs next all the more.
 */
export function secondsAtRest(work) {
  execFileSync('sync');
  return seconds(work);
}

export const median = list =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

export const ratio = (value, limit) => `${(value / limit).toFixed(2)} ×`;

export function residentMiB(pid) {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
  } catch {
    return 0;
  }
}

/**
 * Runs a line of a person on a disk at rest, and watches how large it and the
 * backend become.
 *
 * @returns seconds; MiB of the command; MiB of the backend above idle
 */
export async function watched(person, portal, args, env = {}) {
  execFileSync('sync');
  const idle = residentMiB(portal.pid());
  const { child, ended } = person.start(args, { env, timeout: 1_800_000 });
  const most = { client: 0, backend: 0 };
  const timer = setInterval(() => {
    most.client = Math.max(most.client, residentMiB(child.pid));
    most.backend = Math.max(most.backend, residentMiB(portal.pid()));
  }, 50);
  try {
    const took = await seconds(async () => {
      const { code, stderr } = await ended;
      if (code !== 0) throw new Error(`asset ${args.join(' ')}: ${stderr}`);
    });
    return {
      took,
      client: most.client,
      backend: Math.max(0, most.backend - idle),
    };
  } finally {
    clearInterval(timer);
  }
}

/** A folder with one file of random bytes. */
export function largeFile(mebibytes) {
  const folder = newFolder('large');
  fs.mkdirSync(folder);
  const descriptor = fs.openSync(path.join(folder, 'large.bin'), 'w');
  const block = Buffer.alloc(16 * MIB);
  for (let written = 0; written < mebibytes; written += 16) {
    randomFillSync(block);
    fs.writeSync(descriptor, block);
  }
  fs.closeSync(descriptor);
  execFileSync('sync');
  return folder;
}

/** A folder with many files of random bytes, a hundred folders of them. */
export function smallFiles(count, size) {
  const top = newFolder('small');
  for (let index = 0; index < count; index++) {
    const folder = path.join(top, `${index % 100}`);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(
      path.join(folder, `${index}.bin`),
      randomFillSync(Buffer.alloc(size)),
    );
  }
  execFileSync('sync');
  return top;
}

/** What no tool can beat: copy everything, and hash everything. */
export function copyAndHash(folder) {
  const target = newFolder('copy');
  return secondsAtRest(() => {
    execFileSync('cp', ['-r', folder, target]);
    execFileSync(
      'sh',
      ['-c', 'find . -type f -print0 | xargs -0 sha256sum > /dev/null'],
      { cwd: target },
    );
  });
}

/** The table of results, printed as it grows. */
export class Report {
  #parts = [];

  part(title) {
    this.#parts.push({ title, rows: [] });
    console.log(`\n${title}`);
  }

  row(what, value, aim = '') {
    this.#parts.at(-1).rows.push([what, value, aim]);
    console.log(`${what.padEnd(64)} ${value.padStart(24)}   ${aim}`);
  }

  toMarkdown() {
    return this.#parts
      .map(
        ({ title, rows }) =>
          `## ${title}\n\n| | measured | aim |\n|---|---|---|\n${rows
            .map(row => `| ${row.join(' | ')} |`)
            .join('\n')}\n`,
      )
      .join('\n');
  }
}
