import { randomUUID } from 'node:crypto';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { ServiceUnavailableError } from '@backstage/errors';

/** How often who is at work says so, and for how long it may not. Milliseconds. */
const HEARTBEAT_MS = 1000;
const SILENCE_MS = 6000;

/** A part that is being written. */
export interface Writing {
  /**
   * Asked before bytes are written.
   *
   * @throws ServiceUnavailableError when this process was held up for so long that
   *   the blob may have been made meanwhile
   */
  assertMay(): Promise<void>;
  end(): Promise<void>;
}

/** The making of a blob of its parts, during which nobody writes to them. */
export interface Completing {
  /** Whether other processes have written to the file. */
  readonly byOthers: boolean;
  end(): Promise<void>;
}

/**
 * Keeps those who write parts apart from who makes a blob of them, also where they
 * are processes that share a directory: what was verified must not change after it.
 * Each says beside the file of the parts what it does, and looks afterwards what the
 * others say; of two, at least one sees the other.
 */
export class PartsGuard {
  /** What this process calls itself. */
  readonly #own = randomUUID();

  /** Begins to write to a file of parts. @throws ServiceUnavailableError while a blob is made of it */
  async write(file: string): Promise<Writing> {
    const sign = await putSign(`${file}.${randomUUID()}.writing`);
    try {
      if (await isLive(`${file}.completing`))
        throw new ServiceUnavailableError(
          'the blob is being made of its parts; ask again in a moment',
        );
    } catch (error) {
      await sign.remove();
      throw error;
    }
    return {
      assertMay: () => sign.assertStands(),
      end: () => sign.becomes(`${file}.${this.#own}.wrote`),
    };
  }

  /** Begins to make a blob. @throws ServiceUnavailableError while somebody writes to the file */
  async complete(file: string): Promise<Completing> {
    const busy = () =>
      new ServiceUnavailableError(
        'parts of the blob are still being written; ask again in a moment',
      );
    const place = `${file}.completing`;
    if (await isLive(place)) throw busy();
    // One that was left by a process that died.
    await fs.rm(place, { force: true });
    const sign = await putSign(place).catch(error => {
      throw error.code === 'EEXIST' ? busy() : error;
    });
    try {
      let byOthers = false;
      for (const name of await signsOf(file)) {
        const other = path.join(path.dirname(file), name);
        if (name.endsWith('.writing')) {
          if (await isLive(other)) throw busy();
          // Whoever wakes up sees that it is gone, and writes no more.
          await fs.rm(other, { force: true });
          byOthers = true;
        } else if (name.endsWith('.wrote')) {
          byOthers ||= !name.includes(`.${this.#own}.`);
        }
      }
      return { byOthers, end: () => sign.remove() };
    } catch (error) {
      await sign.remove();
      throw error;
    }
  }

  /** Forgets who has written to a file that is gone. */
  async forget(file: string): Promise<void> {
    for (const name of await signsOf(file))
      if (name.endsWith('.wrote'))
        await fs.rm(path.join(path.dirname(file), name), { force: true });
  }
}

async function signsOf(file: string): Promise<string[]> {
  const begin = `${path.basename(file)}.`;
  const names = await fs.readdir(path.dirname(file));
  return names.filter(name => name.startsWith(begin));
}

async function isLive(place: string): Promise<boolean> {
  const stat = await fs.stat(place).catch(error => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  return stat !== undefined && Date.now() - stat.mtimeMs < SILENCE_MS;
}

/** Puts an empty file there that says until it is taken away that this process lives. */
async function putSign(place: string) {
  await (await fs.open(place, 'wx', 0o600)).close();
  let touched = Date.now();
  const touch = async () => {
    const now = new Date();
    await fs.utimes(place, now, now);
    touched = now.getTime();
  };
  const heartbeat = setInterval(() => {
    // Whoever is about to write finds out by itself.
    touch().catch(() => {});
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    async assertStands() {
      if (Date.now() - touched < SILENCE_MS / 2) return;
      await touch().catch(error => {
        if (error.code !== 'ENOENT') throw error;
        throw new ServiceUnavailableError(
          'the part was held up for too long; send it again',
        );
      });
    },
    async becomes(other: string) {
      clearInterval(heartbeat);
      await fs.rename(place, other).catch(error => {
        if (error.code !== 'ENOENT') throw error;
      });
    },
    async remove() {
      clearInterval(heartbeat);
      await fs.rm(place, { force: true });
    },
  };
}
