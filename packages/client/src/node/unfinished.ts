import { createHash, randomUUID } from 'node:crypto';
import { promises as fs, readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isRunning } from './isRunning';

/** `.<eight hex digits>.<machine>.<process>.pull` */
const NAME = /^\.[0-9a-f]{8}\.([0-9a-f]{8})\.(\d+)\.pull$/;
/** How often a folder that is being filled says so. Milliseconds. */
const HEARTBEAT_MS = 60_000;
/** Whoever has not said so for this long on another machine is dead. */
const SILENCE_MS = 60 * 60_000;
/** How long the removal of what is not wanted may take; the next pull removes the rest. */
const PATIENCE_MS = 3000;

/** Those that this process is filling. */
const live = new Set<string>();

/** A folder that is being filled, and that nobody is to see yet. */
export interface Unfinished {
  folder: string;
  /** Whether it is still the folder that was made. */
  stands(): Promise<boolean>;
  /** Removes it, if it still has its name, and never fails. */
  discard(): Promise<void>;
}

/**
 * Where numbers of processes mean the same: containers have their own, which are
 * nearly always small.
 */
function thisMachine(): string {
  const parts = [os.hostname()];
  for (const read of [
    () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'),
    () => readlinkSync('/proc/self/ns/pid'),
  ]) {
    try {
      parts.push(read());
    } catch {
      // Only Linux has it.
    }
  }
  return createHash('sha256')
    .update(parts.join('\n'))
    .digest('hex')
    .slice(0, 8);
}

/** Makes such a folder beside others of its parent. */
export async function beginUnfinished(parent: string): Promise<Unfinished> {
  const name = `.${randomUUID().slice(0, 8)}.${thisMachine()}.${
    process.pid
  }.pull`;
  const folder = path.join(parent, name);
  await fs.mkdir(folder);
  const { ino } = await fs.stat(folder, { bigint: true });
  live.add(folder);
  const heartbeat = setInterval(() => {
    const now = new Date();
    fs.utimes(folder, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    folder,
    async stands() {
      const stat = await fs
        .stat(folder, { bigint: true })
        .catch(() => undefined);
      return stat?.ino === ino;
    },
    async discard() {
      clearInterval(heartbeat);
      live.delete(folder);
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        remove(folder),
        new Promise<void>(resolve => {
          timer = setTimeout(resolve, PATIENCE_MS);
        }),
      ]);
      clearTimeout(timer);
    },
  };
}

/** Removes such folders whose processes were killed. */
export async function sweepUnfinished(parent: string): Promise<void> {
  const machine = thisMachine();
  for (const name of await fs.readdir(parent).catch(() => [])) {
    const [, where, pid] = NAME.exec(name) ?? [];
    if (pid === undefined) continue;
    const folder = path.join(parent, name);
    if (await isDead(folder, where === machine ? Number(pid) : undefined))
      await remove(folder);
  }
}

/** @param pid - undefined when the process is, or was, one of another machine */
async function isDead(folder: string, pid?: number): Promise<boolean> {
  // One that is stopped, or whose machine sleeps, goes on later.
  if (pid === undefined) return isSilent(folder);
  return pid === process.pid ? !live.has(folder) : !isRunning(pid);
}

async function isSilent(folder: string): Promise<boolean> {
  const stat = await fs.stat(folder).catch(() => undefined);
  return stat !== undefined && Date.now() - stat.mtimeMs > SILENCE_MS;
}

/** What can't be removed is somebody else's, and in nobody's way. */
async function remove(folder: string): Promise<void> {
  await fs.rm(folder, { recursive: true, force: true }).catch(() => {});
}
