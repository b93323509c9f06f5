import type {
  AssetName,
  Check,
  RecordCheckRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldError } from '../model/FieldError';
import { digestOfJson } from './Situation';
import type { AccessDecider } from './AccessDecider';
import type { AssetService } from './AssetService';
import type { ChangeSignal } from './ChangeSignal';
import type { CheckRecord } from './lifecyclePorts';
import type { Clock, Repository, VersionRecord } from './ports';
import { resolveSelector } from './selectors';

const LISTED = 500;
/** Characters of the canonical text. */
const LONGEST_EVIDENCE = 256 * 1024;

/** Records facts about versions, for gates and people to read. */
export class CheckService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #now: Clock;
  readonly #changed: ChangeSignal;
  readonly #onRecorded: (versionId: number) => Promise<void>;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    now: Clock;
    changed: ChangeSignal;
    /** Told of the version when a check of it stands. */
    onRecorded: (versionId: number) => Promise<void>;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#now = options.now;
    this.#changed = options.changed;
    this.#onRecorded = options.onRecorded;
  }

  /** Newest first. */
  async list(
    caller: Caller,
    name: AssetName,
    selector: string,
  ): Promise<Check[]> {
    const asset = await this.#assets.find(caller, name);
    const version = await resolveSelector(this.#repository, asset, selector);
    const records = await this.#repository.checks.list(version.id, LISTED);
    return records.map(record => present(record, version));
  }

  /**
   * @throws NotAllowedError for whoever may not record checks of the asset
   * @throws FieldError for evidence that is too long
   */
  async record(
    caller: Caller,
    name: AssetName,
    selector: string,
    request: RecordCheckRequest,
  ): Promise<Check> {
    const asset = await this.#assets.findFor(caller, 'asset.check', name);
    const version = await resolveSelector(this.#repository, asset, selector);
    const { evidence } = request;
    if (evidence && JSON.stringify(evidence).length > LONGEST_EVIDENCE)
      throw new FieldError(
        'evidence',
        `it is longer than ${
          LONGEST_EVIDENCE / 1024
        } KiB; push the report as an asset, and give its address`,
      );
    if (request.url !== undefined && !/^https?:\/\//.test(request.url))
      throw new FieldError('url', 'it has to begin with http:// or https://');
    const record = {
      assetId: asset.id,
      versionId: version.id,
      name: request.name,
      status: request.status,
      summary: request.summary,
      evidence,
      evidenceDigest: evidence && digestOfJson(evidence),
      url: request.url,
      at: this.#now(),
      by: caller.subject,
    };
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      await this.#access.demand(
        caller,
        'asset.check',
        await repository.assets.byId(asset.id),
        repository,
      );
      await repository.checks.insert(record);
      await repository.changes.append({
        asset,
        kind: 'version.checked',
        subject: version.label,
        at: record.at,
        by: record.by,
        details: {
          digest: version.digest,
          new: {
            check: record.name,
            status: record.status,
            summary: record.summary,
            evidence: record.evidenceDigest,
            url: record.url,
          },
        },
      });
    });
    this.#changed.raise();
    await this.#onRecorded(version.id);
    return present(record, version);
  }
}

function present(
  record: Omit<CheckRecord, 'id'>,
  { label, digest }: VersionRecord,
): Check {
  const { name, status, summary, evidence, evidenceDigest, url, at, by } =
    record;
  return {
    name,
    status,
    summary,
    evidence,
    evidenceDigest,
    url,
    at,
    by,
    label,
    digest,
  };
}
