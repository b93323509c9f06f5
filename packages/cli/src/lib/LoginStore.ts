import { randomUUID } from 'node:crypto';
import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CommandError, EXIT } from './exit';

/** A login at one portal. */
export interface Login {
  /** The portal's address. */
  server: string;
  /** Entity reference of the person. */
  subject?: string;
  accessToken: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** How a new access token is had. */
  renewal:
    | { kind: 'refresh-token'; refreshToken: string }
    | { kind: 'demo-person'; person: string }
    | { kind: 'none' };
}

interface Stored {
  selected?: string;
  logins: Login[];
}

/** A renewal may take half of it. Milliseconds. */
const LOCK_STALE_MS = 60_000;

/**
 * The logins of this machine's user, in a file that nobody else may read:
 * `$XDG_CONFIG_HOME/baseasset/logins.json`.
 */
export class LoginStore {
  readonly #file: string;

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    const { XDG_CONFIG_HOME: set } = environment;
    // By its specification, one that is empty or relative counts as not set.
    const config =
      set && path.isAbsolute(set) ? set : path.join(os.homedir(), '.config');
    this.#file = path.join(config, 'baseasset', 'logins.json');
  }

  /** The login at a portal, or the one that was made last. */
  async find(server?: string): Promise<Login | undefined> {
    const { selected, logins } = await this.#read();
    return logins.find(login => login.server === (server ?? selected));
  }

  /** Keeps a login, and makes it the one that is meant when none is named. */
  async put(login: Login): Promise<void> {
    await this.withLock(async () => {
      const { logins } = await this.#read();
      await this.#write({
        selected: login.server,
        logins: [...logins.filter(each => each.server !== login.server), login],
      });
    });
  }

  /** Renews a login in place; the lock is the caller's. */
  async replace(login: Login): Promise<void> {
    const stored = await this.#read();
    await this.#write({
      ...stored,
      logins: [
        ...stored.logins.filter(each => each.server !== login.server),
        login,
      ],
    });
  }

  async remove(server: string): Promise<void> {
    await this.withLock(async () => {
      const { selected, logins } = await this.#read();
      const left = logins.filter(each => each.server !== server);
      await this.#write({
        selected: selected === server ? left.at(-1)?.server : selected,
        logins: left,
      });
    });
  }

  /** One process at a time: a refresh token may be used once. */
  async withLock<T>(work: () => Promise<T>): Promise<T> {
    const folder = path.dirname(this.#file);
    const lock = `${this.#file}.lock`;
    const refuse = ({ code }: { code?: string }): never => {
      throw new CommandError(
        EXIT.failed,
        `the login can't be kept: ${folder} can't be written to (${code})`,
        ['without a login of a person: set ASSET_TOKEN'],
      );
    };
    const { makeFolder } = await import('@baseasset/client/node');
    await makeFolder(folder, 0o700).catch(refuse);
    for (;;) {
      try {
        await fs.mkdir(lock);
        break;
      } catch (error) {
        if ((error as { code?: string }).code !== 'EEXIST')
          refuse(error as { code?: string });
        const stat = await fs.stat(lock).catch(() => undefined);
        if (stat && Date.now() - stat.mtimeMs > LOCK_STALE_MS) {
          await fs.rmdir(lock).catch(() => {});
        } else {
          await new Promise(resolve => {
            setTimeout(resolve, 50);
          });
        }
      }
    }
    try {
      return await work();
    } finally {
      await fs.rmdir(lock).catch(() => {});
    }
  }

  async #read(): Promise<Stored> {
    try {
      const stored = JSON.parse(await fs.readFile(this.#file, 'utf8'));
      return { selected: stored.selected, logins: stored.logins ?? [] };
    } catch {
      return { logins: [] };
    }
  }

  async #write(stored: Stored): Promise<void> {
    const temporary = `${this.#file}.${randomUUID()}`;
    await fs.writeFile(temporary, JSON.stringify(stored, null, 2), {
      mode: 0o600,
    });
    await fs.rename(temporary, this.#file);
  }
}
