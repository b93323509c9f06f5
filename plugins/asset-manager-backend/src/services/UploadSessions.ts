import { NotFoundError } from '@backstage/errors';
import type { Caller } from '../model/caller';
import type { AccessDecider } from './AccessDecider';
import type { AssetRecord, Clock, Repository, UploadRecord } from './ports';

const LEASE_MS = 7 * 24 * 60 * 60 * 1000;
/** A sign of life is taken down once the last one is this old, and not for every request. */
const HEARD_SLACK_MS = 20 * 1000;
/** A session that was looked up is not looked up again for this long: a push sends thousands of blobs. */
const FRESH_MS = 2000;

/** An upload with the asset that it is for. */
export interface UploadSession {
  asset: AssetRecord;
  upload: UploadRecord;
}

/** Finds upload sessions for their owners, and keeps those alive that are used. */
export class UploadSessions {
  readonly #repository: Repository;
  readonly #access: AccessDecider;
  readonly #now: Clock;
  readonly #fresh = new Map<string, UploadSession & { at: number }>();

  constructor(options: {
    repository: Repository;
    access: AccessDecider;
    now: Clock;
  }) {
    this.#repository = options.repository;
    this.#access = options.access;
    this.#now = options.now;
  }

  /** When a session that is used now ends. */
  leaseFrom(time: string): string {
    return new Date(Date.parse(time) + LEASE_MS).toISOString();
  }

  /** @throws NotFoundError when the caller has no such session */
  async find(caller: Caller, id: string): Promise<UploadSession> {
    const now = Date.parse(this.#now());
    const known = this.#fresh.get(id);
    if (
      known &&
      now - known.at < FRESH_MS &&
      known.upload.createdBy === caller.subject
    ) {
      return known;
    }
    this.#fresh.delete(id);
    const none = () =>
      new NotFoundError(
        `there is no upload ${id} of yours; begin again to go on`,
      );
    const upload = await this.#repository.uploads.find(id);
    if (
      !upload ||
      upload.createdBy !== caller.subject ||
      upload.expiresAt < this.#now()
    ) {
      throw none();
    }
    const asset = await this.#repository.assets.byId(upload.assetId);
    // Whoever lost the asset since has lost the session with it.
    if (
      asset.deletion ||
      !(await this.#access.may(caller, 'asset.version.create', asset))
    )
      throw none();
    const session = { at: now, upload, asset };
    this.#fresh.set(id, session);
    return session;
  }

  /**
   * Every use is a sign of life, and moves the session's end on.
   *
   * @param options.always - also where the last sign of life was a moment ago
   */
  async keep(
    upload: UploadRecord,
    options: { always?: boolean } = {},
  ): Promise<void> {
    const now = this.#now();
    const silent = Date.parse(now) - Date.parse(upload.heardAt);
    if (options.always || silent > HEARD_SLACK_MS) {
      await this.#repository.uploads.heard(upload.id, now, this.leaseFrom(now));
      upload.heardAt = now;
    }
  }

  /** Looks the session up anew the next time. */
  forget(id: string): void {
    this.#fresh.delete(id);
  }
}
