import { promises as fs } from 'node:fs';
import path from 'node:path';
import { isDead, ownedName, ownerIn } from './owners';

/** How often a folder that is being filled says so. Milliseconds. */
const HEARTBEAT_MS = 60_000;
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

/** Makes such a folder beside others of its parent. */
export async function beginUnfinished(parent: string): Promise<Unfinished> {
  const folder = path.join(parent, `.${ownedName('pull')}`);
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
  for (const name of await fs.readdir(parent).catch(() => [])) {
    const owner = name.startsWith('.') ? ownerIn(name, 'pull') : undefined;
    if (owner === undefined) continue;
    const folder = path.join(parent, name);
    if (!live.has(folder) && (await isDead(owner, folder)))
      await remove(folder);
  }
}

/** What can't be removed is somebody else's, and in nobody's way. */
async function remove(folder: string): Promise<void> {
  await fs.rm(folder, { recursive: true, force: true }).catch(() => {});
}
