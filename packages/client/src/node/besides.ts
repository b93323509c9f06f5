import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Place } from './SmallFileWorkers';

/**
 * A name for what is not whole yet, in the folder of the target. Not the target's
 * with something added: that may be as long as a name can be.
 */
export function besides(target: string): string {
  return path.join(path.dirname(target), `.${randomUUID().slice(0, 8)}.part`);
}

/** The place of a file that appears whole, over whatever stands there. */
export function over(target: string): Place {
  return { target, temporary: besides(target), mode: 0o666 };
}
