import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isError } from '@backstage/errors';
import {
  digestOf,
  StoreCheck,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  BlobStore,
  BucketRule,
  crc32c,
  DirectTransfer,
} from '@baseasset/backstage-plugin-asset-manager-node';
import type { Stores } from './Stores';

const TOLERATED_SKEW_MS = 60_000;
const PATIENCE_MS = 20_000;
/** How long an upload that nobody is heard of lives. */
const SESSION_DAYS = 7;

/** A cause in one line, without addresses that may be signed. */
function reasonOf(error: unknown): string {
  const text = isError(error) ? error.message : String(error);
  return text
    .replace(/https?:\/\/\S+\?\S+/g, 'the bucket')
    .split('\n')[0]
    .replace(/\.$/, '');
}

/** What was tried in a store, in order. */
class Report {
  readonly checks: StoreCheck[] = [];
  readonly #store: string;

  constructor(store: string) {
    this.#store = store;
  }

  add(check: string, state: StoreCheck['state'], advice?: string): void {
    this.checks.push({ store: this.#store, check, state, advice });
  }

  /** @returns whether all was well */
  async check(options: {
    check: string;
    /** Whether what this stands on was well; true when left out. */
    needs?: boolean;
    help: string;
    work: () => Promise<void>;
  }): Promise<boolean> {
    const { check, needs = true, help, work } = options;
    const store = this.#store;
    if (!needs) {
      this.checks.push({ store, check, state: 'skipped' });
      return false;
    }
    try {
      await work();
      this.checks.push({ store, check, state: 'ok' });
      return true;
    } catch (error) {
      const advice = `${reasonOf(error)}. ${help}`;
      this.checks.push({ store, check, state: 'failed', advice });
      return false;
    }
  }
}

/** Tries out every store as the backend, a client and a browser would use it. */
export class StoreDoctor {
  readonly #stores: Stores;
  readonly #createId: () => string;
  readonly #now: () => Date;
  readonly #origin: string;

  constructor(options: {
    stores: Stores;
    createId: () => string;
    now: () => Date;
    /** The portal as browsers name it. */
    origin: string;
  }) {
    this.#stores = options.stores;
    this.#createId = options.createId;
    this.#now = options.now;
    this.#origin = options.origin;
  }

  async examine(): Promise<StoreCheck[]> {
    const all = await Promise.all(
      this.#stores.names.map(name => this.#examine(name)),
    );
    return all.flat();
  }

  async #examine(store: string): Promise<StoreCheck[]> {
    const blobs = this.#stores.get(store);
    const key = `doctor/${this.#createId()}`;
    const report = new Report(store);
    const bytes = Buffer.from(`probe ${key}`);
    const written = await report.check({
      check: 'write',
      help: blobs.direct
        ? 'The backend needs the right to create objects there.'
        : 'Its directory has to be there, and the backend has to be able to write to it.',
      work: async () => {
        await blobs.put({
          key,
          size: bytes.length,
          digest: digestOf(bytes),
          body: Readable.from([bytes]),
        });
      },
    });
    await report.check({
      check: 'read',
      needs: written,
      help: 'The backend needs the right to read objects there.',
      work: async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of await blobs.open(key)) chunks.push(chunk);
        if (!Buffer.concat(chunks).equals(bytes))
          throw new Error('other bytes came back than were written');
      },
    });
    await report.check({
      check: 'list',
      needs: written,
      help: 'The backend needs the right to list the bucket.',
      work: async () => {
        for await (const blob of blobs.list(key)) if (blob.key === key) return;
        throw new Error('what was written is not listed');
      },
    });
    if (blobs.direct)
      await this.#examineDirect(blobs, blobs.direct, `${key}-direct`, report);
    if (blobs.rules) await examineRules(() => blobs.rules!(), report);
    const deleted = await report.check({
      check: 'delete',
      needs: written,
      help: 'The backend needs the right to delete objects there.',
      work: async () => {
        await blobs.delete(key);
        await blobs.delete(`${key}-direct`);
        if (await blobs.stat(key)) throw new Error('it stands still');
      },
    });
    if (deleted) await examineRevisions(blobs, `${key}-revision`, report);
    return report.checks;
  }

  async #examineDirect(
    blobs: BlobStore,
    direct: DirectTransfer,
    key: string,
    report: Report,
  ): Promise<void> {
    const bytes = Buffer.from('probe of a client');
    const sign = (target: string) =>
      direct.signPut({
        key: target,
        size: bytes.length,
        checksum:
          direct.checksum === 'sha256'
            ? createHash('sha256').update(bytes).digest('base64')
            : crc32c(bytes),
      });
    const put = async () => {
      const { url, headers } = await sign(key);
      return send(url, { method: 'PUT', headers, body: bytes });
    };
    let clock: string | null = null;
    const sent = await report.check({
      check: 'signed PUT',
      help: "The backend's identity has to be able to sign, and what it signs to be allowed.",
      work: async () => {
        const response = await put();
        clock = response.headers.get('date');
        if (!response.ok)
          throw new Error(`the bucket answered ${response.status}`);
        if ((await blobs.stat(key))?.size !== bytes.length)
          throw new Error('what was sent does not stand there');
      },
    });
    await report.check({
      check: 'clock',
      needs: clock !== null,
      help: 'Set the clock of the backend: signatures carry its time.',
      work: async () => {
        const skew = Math.abs(Date.parse(clock!) - this.#now().getTime());
        if (skew > TOLERATED_SKEW_MS)
          throw new Error(
            `it is ${Math.round(skew / 1000)} seconds off the bucket's`,
          );
      },
    });
    await report.check({
      check: 'signed PUT twice',
      needs: sent,
      help: 'The bucket has to heed the condition of a PUT: a blob must never be overwritten.',
      work: async () => {
        const { status } = await put();
        if (status !== 412)
          throw new Error(`the bucket answered ${status}, and not 412`);
      },
    });
    await report.check({
      check: 'signed GET',
      needs: sent,
      help: "The backend's identity has to be able to sign, and what it signs to be allowed.",
      work: async () => {
        const { url } = await direct.signGet({ key, fileName: 'probe' });
        const response = await send(url, { headers: { Range: 'bytes=0-4' } });
        if (response.status !== 206)
          throw new Error(`the bucket answered ${response.status} to a range`);
      },
    });
    await report.check({
      check: 'CORS',
      help: `Let the bucket's CORS rules allow the origin ${
        this.#origin
      }, the methods GET and PUT, and all headers: else browsers can't push, and read through the backend.`,
      work: async () => {
        const { url, headers } = await sign(`${key}-cors`);
        const response = await send(url, {
          method: 'OPTIONS',
          headers: {
            Origin: this.#origin,
            'Access-Control-Request-Method': 'PUT',
            'Access-Control-Request-Headers': Object.keys(headers).join(','),
          },
        });
        const allowed = response.headers.get('access-control-allow-origin');
        if (allowed !== '*' && allowed !== this.#origin)
          throw new Error(`a page of ${this.#origin} may not send there`);
      },
    });
  }
}

/** Whether only what was looked at is deleted, and nothing that was written since. */
async function examineRevisions(
  blobs: BlobStore,
  key: string,
  report: Report,
): Promise<void> {
  const check = 'delete of a revision';
  const write = async (text: string) => {
    const bytes = Buffer.from(text);
    await blobs.put({
      key,
      size: bytes.length,
      digest: digestOf(bytes),
      body: Readable.from([bytes]),
    });
    return (await blobs.stat(key))?.revision;
  };
  try {
    const first = await write('a revision');
    await blobs.delete(key);
    // A directory of this machine knows none, and needs none.
    if (first === undefined) return;
    await write('another revision');
    const gone = await blobs.delete(key, { revision: first });
    const stands = (await blobs.stat(key)) !== undefined;
    if (stands && !gone) report.add(check, 'ok');
    else
      report.add(
        check,
        'warned',
        'The server deletes whatever stands there: with several backends, bytes that are pushed again at the moment in which they are cleaned up could be lost. Use one that heeds If-Match when it deletes, or a single backend.',
      );
  } catch (error) {
    report.add(check, 'failed', `${reasonOf(error)}.`);
  } finally {
    await blobs.delete(key).catch(() => {});
  }
}

/** By which rules the bucket deletes: never blobs, and the parts of uploads that nobody goes on with. */
async function examineRules(
  read: () => Promise<BucketRule[] | undefined>,
  report: Report,
): Promise<void> {
  let rules: BucketRule[] | undefined;
  try {
    rules = await read();
  } catch (error) {
    if (!isError(error) || error.name !== 'NotAllowedError') {
      report.add('lifecycle rules', 'failed', `${reasonOf(error)}.`);
      return;
    }
    report.add(
      'lifecycle rules',
      'skipped',
      'The backend may not read them; with roles/storage.bucketViewer or s3:GetLifecycleConfiguration it could look whether one deletes what it should not.',
    );
    return;
  }
  if (!rules) {
    report.add('lifecycle rules', 'skipped', 'The server has none.');
    return;
  }
  const daysOf = (deletes: BucketRule['deletes']) =>
    rules.filter(rule => rule.deletes === deletes);
  const [onBlobs] = daysOf('blobs');
  const onParts = daysOf('parts');
  const tooSoon = onParts.find(
    ({ afterDays = 0 }) => afterDays < SESSION_DAYS + 1,
  );
  if (onBlobs) {
    report.add(
      'lifecycle rules',
      'failed',
      `A rule deletes blobs${
        onBlobs.afterDays === undefined
          ? ''
          : ` after ${onBlobs.afterDays} days`
      }, and versions lose their files. Take it away, or keep it to other prefixes.`,
    );
  } else if (tooSoon) {
    report.add(
      'lifecycle rules',
      'warned',
      `A rule deletes unfinished uploads after ${
        tooSoon.afterDays ?? 0
      } days; one that is gone on with lives for ${SESSION_DAYS}. Set it to nine.`,
    );
  } else if (onParts.length === 0) {
    report.add(
      'lifecycle rules',
      'warned',
      'No rule deletes what unfinished uploads leave when the backend is gone for long. Let one do so after nine days: examples/terraform shows it.',
    );
  } else {
    report.add('lifecycle rules', 'ok');
  }
}

async function send(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, {
    ...init,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  await response.arrayBuffer();
  return response;
}
