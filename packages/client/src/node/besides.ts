import { promises as fs } from 'node:fs';
import path from 'node:path';
import { isDead, ownedName, ownerIn } from './owners';
import type { Place } from './SmallFileWorkers';

/**
 * A name for what is not whole yet, in the folder of the target. Not the target's
 * with something added: that may be as long as a name can be.
 */
export function besides(target: string): string {
  return path.join(path.dirname(target), `.${ownedName('part')}`);
}

/** The place of a file that appears whole, over whatever stands there. */
export function over(target: string): Place {
  return { target, temporary: besides(target), mode: 0o666 };
}

/** Removes from a folder what killed processes had not written whole. */
export async function sweepParts(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const owner = name.startsWith('.') ? ownerIn(name, 'part') : undefined;
    const location = path.join(folder, name);
    if (owner !== undefined && (await isDead(owner, location)))
      await fs.rm(location, { force: true }).catch(() => {});
  }
}

/** Whether a name is one of what a pull has not finished, and nobody's work. */
export function isUnfinished(name: string): boolean {
  return name.startsWith('.') && ownerIn(name, 'part', 'pull') !== undefined;
}
