import { createHash, randomUUID } from 'node:crypto';
import { promises as fs, readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';

/** Whoever has not written for this long on another machine is dead. Milliseconds. */
const SILENCE_MS = 60 * 60_000;

let machine: string | undefined;

/**
 * Where numbers of processes mean the same: containers have their own, which are
 * nearly always small.
 */
function thisMachine(): string {
  if (machine === undefined) {
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
    machine = createHash('sha256')
      .update(parts.join('\n'))
      .digest('hex')
      .slice(0, 8);
  }
  return machine;
}

/** This process, for whoever finds what it leaves when it is killed: `<machine>.<process>`. */
export function thisOwner(): string {
  return `${thisMachine()}.${process.pid}`;
}

/** A new name that says whose it is: `<eight hex digits>.<machine>.<process>.<kind>`. */
export function ownedName(kind: string): string {
  return `${randomUUID().slice(0, 8)}.${thisOwner()}.${kind}`;
}

/** Whose a file is, going by its name; undefined for names of other making, or of another kind. */
export function ownerIn(name: string, ...kinds: string[]): string | undefined {
  const [, owner, kind] =
    /^\.?[0-9a-f]{8}\.([0-9a-f]{8}\.\d+)\.([a-z]+)$/.exec(name) ?? [];
  return kinds.includes(kind) ? owner : undefined;
}

/**
 * Whether an owner can't go on any more with what it has left.
 *
 * @param locations - what it writes to, by which those of other machines are known to live
 * @param silence - milliseconds for which those write nothing at most
 */
export async function isDead(
  owner: string,
  locations: string | readonly string[],
  silence = SILENCE_MS,
): Promise<boolean> {
  const [where, pid] = owner.split('.');
  const isHere = where === thisMachine();
  if (isHere && Number(pid) !== process.pid) return !isRunning(Number(pid));
  const written = await Promise.all(
    [locations].flat().map(location =>
      fs.stat(location).then(
        ({ mtimeMs }) => mtimeMs,
        () => -Infinity,
      ),
    ),
  );
  const last = Math.max(...written);
  if (last === -Infinity) return false;
  return isHere
    ? // One before this one had its number.
      last < performance.timeOrigin
    : // One that is stopped, or whose machine sleeps, goes on later.
      Date.now() - last > silence;
}

/** Whether a process of this machine is still there. */
function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
