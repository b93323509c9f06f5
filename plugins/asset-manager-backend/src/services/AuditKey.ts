import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { InputError } from '@backstage/errors';
import {
  AuditCheckpoint,
  checkpointText,
} from '@baseasset/backstage-plugin-asset-manager-common';

/**
 * The key of the installation that signs how far the audit trail has come. It does not
 * stand in the database: whoever can change that could sign again otherwise.
 */
export class AuditKey {
  /**
   * @param options.key - a private key, as PEM, where the configuration has one
   * @param options.file - where one is kept otherwise, and made at first
   * @throws InputError when it is no Ed25519 key
   */
  static open(options: { key?: string; file: string }): AuditKey {
    const text = options.key ?? readOrCreate(options.file);
    let key: KeyObject;
    try {
      key = createPrivateKey(text);
    } catch {
      throw new InputError(
        'the key of the audit trail is no private key in PEM',
      );
    }
    if (key.asymmetricKeyType !== 'ed25519')
      throw new InputError(
        'the key of the audit trail has to be an Ed25519 key',
      );
    return new AuditKey(key);
  }

  readonly #key: KeyObject;
  readonly publicKey: string;

  private constructor(key: KeyObject) {
    this.#key = key;
    this.publicKey = createPublicKey(key)
      .export({ type: 'spki', format: 'der' })
      .toString('base64');
  }

  sign(
    place: Pick<AuditCheckpoint, 'sequence' | 'hash' | 'at'>,
  ): AuditCheckpoint {
    return {
      ...place,
      publicKey: this.publicKey,
      signature: sign(
        null,
        Buffer.from(checkpointText(place)),
        this.#key,
      ).toString('base64'),
    };
  }
}

/** Of two processes that begin at once one makes it, and the other reads it. */
function readOrCreate(file: string): string {
  for (;;) {
    const text = read(file);
    if (text) return text;
    if (text === '') removeEmpty(file);
    create(file);
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/**
 * Takes a key away that never came to the disk whole, and has signed nothing.
 * What another process has put in its place meanwhile stays.
 */
function removeEmpty(file: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    return;
  }
  if (read(aside) !== '') giveName(aside, file);
  rmSync(aside, { force: true });
}

/** Gives a file another name that nothing has yet, also where there are no links. */
function giveName(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code === 'EEXIST') return;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code))
      throw error;
    writeFileSync(file, readFileSync(temporary), {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
  }
}

/** Whole and on the disk before it has its name: what it has signed must stay readable. */
function create(file: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const temporary = `${file}.${randomUUID()}`;
  try {
    writeFileSync(
      temporary,
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
      { mode: 0o600, flag: 'wx', flush: true },
    );
    giveName(temporary, file);
    syncFolder(path.dirname(file));
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
