import { ConflictError, NotFoundError } from '@backstage/errors';
import type { JsonObject } from '@backstage/types';
import {
  AssetName,
  formatReference,
  isDigestPrefix,
  parseReference,
  readIsoTime,
  RecordedVersion,
  RecordRunRequest,
  Run,
  RunVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldError, inField } from '../model/FieldError';
import { commandWithoutSecrets, withoutSecrets } from '../model/secrets';
import type { AccessDecider } from './AccessDecider';
import { AssetService, readEntityRef } from './AssetService';
import type { ChangeSignal } from './ChangeSignal';
import type { OwnerDirectory } from './OwnerDirectory';
import type { RunRecord, RunVersionListRecord } from './lineagePorts';
import type { AssetRecord, Clock, Repository, VersionRecord } from './ports';
import { resolveSelector } from './selectors';
import { digestOfJson } from './Situation';

/** Characters of what is told of a run, besides its inputs and outputs. */
const LONGEST_DETAILS = 256 * 1024;

/** A version that somebody named as an input or output. */
interface Named {
  asset: AssetRecord;
  version: VersionRecord;
  role?: string;
  confidence: RunVersion['confidence'];
}

/** Writes down what was run, and what it read and made. */
export class LineageService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #owners: OwnerDirectory;
  readonly #access: AccessDecider;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #changed: ChangeSignal;
  readonly #onRecorded: (versionId: number) => Promise<void>;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    owners: OwnerDirectory;
    access: AccessDecider;
    now: Clock;
    createId: () => string;
    changed: ChangeSignal;
    /** Told of each version that a run made when that is written down. */
    onRecorded: (versionId: number) => Promise<void>;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#owners = options.owners;
    this.#access = options.access;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#changed = options.changed;
    this.#onRecorded = options.onRecorded;
  }

  /**
   * @throws NotFoundError for an input or output that the caller may not see
   * @throws NotAllowedError when the caller may not push to what the run made
   * @throws FieldError for a reference that may mean another version tomorrow
   * @throws ConflictError when there is another run of this id
   */
  async record(caller: Caller, request: RecordRunRequest): Promise<Run> {
    const run = this.#describe(caller, request);
    if (run.onBehalfOf !== undefined) await this.#demandPerson(run.onBehalfOf);
    const outputs = await this.#find(caller, 'outputs', request.outputs);
    const inputs = await this.#find(caller, 'inputs', request.inputs);
    const made = new Set(outputs.map(({ version }) => version.id));
    const both = inputs.find(({ version }) => made.has(version.id));
    if (both)
      throw new FieldError(
        'inputs',
        `the run can't have read ${referenceOf(both)} and have made it as well`,
      );
    const versions = [
      ...inputs.map(each => toEdge(run.id, 'input', each)),
      ...outputs.map(each => toEdge(run.id, 'output', each)),
    ];
    const isNew = await this.#repository.transaction(async repository => {
      const assets = new Map(outputs.map(({ asset }) => [asset.id, asset]));
      for (const id of [...assets.keys()].sort((a, b) => a - b)) {
        await repository.assets.lock(id);
        await this.#access.demand(
          caller,
          'asset.version.create',
          await repository.assets.byId(id),
          repository,
        );
      }
      if (!(await repository.lineage.insert(run, versions))) return false;
      const digest = digestOfJson(
        JSON.parse(JSON.stringify({ ...run, inputs: inputs.map(referenceOf) })),
      );
      for (const { asset, version } of outputs)
        await repository.changes.append({
          asset,
          kind: 'run.recorded',
          subject: version.label,
          at: run.recordedAt,
          by: caller.subject,
          details: {
            digest: version.digest,
            new: { run: run.id, job: run.job, state: run.state, digest },
          },
        });
      return true;
    });
    if (!isNew) return this.#again(caller, run.id, [...inputs, ...outputs]);
    this.#changed.raise();
    for (const { version } of outputs) await this.#onRecorded(version.id);
    return {
      ...run,
      inputs: inputs.map(present),
      outputs: outputs.map(present),
    };
  }

  /**
   * A run with what of it the caller may see.
   *
   * @throws NotFoundError when there is none, or none that made something that the
   *   caller may see
   */
  async get(caller: Caller, id: string): Promise<Run> {
    const [run] = await this.#repository.lineage.runs([id]);
    const edges = run
      ? await this.#repository.lineage.edges({
          of: { runs: [id] },
          viewer: caller,
        })
      : [];
    const outputs = edges.filter(({ direction }) => direction === 'output');
    if (!run || (outputs.length === 0 && run.recordedBy !== caller.subject))
      throw new NotFoundError(`there is no run ${id} that you may read`);
    const inputs = edges.filter(({ direction }) => direction === 'input');
    return {
      ...run,
      inputs: inputs.reverse().map(presentEdge),
      outputs: outputs.reverse().map(presentEdge),
    };
  }

  /** @throws FieldError for what is no person of the catalog */
  async #demandPerson(ref: string): Promise<void> {
    if (!ref.startsWith('user:') || !(await this.#owners.has(ref)))
      throw new FieldError('onBehalfOf', `there is no person ${ref}`);
  }

  /** What was told once is told again: nothing is written. */
  async #again(
    caller: Caller,
    id: string,
    versions: readonly Named[],
  ): Promise<Run> {
    const another = new ConflictError(`there is another run ${id} already`);
    const [run] = await this.#repository.lineage.runs([id]);
    if (run.recordedBy !== caller.subject) throw another;
    const edges = await this.#repository.lineage.edges({
      of: { runs: [id] },
      viewer: 'everything',
    });
    const ids = (list: readonly { versionId: number }[]) =>
      JSON.stringify(list.map(each => each.versionId).sort((a, b) => a - b));
    if (ids(edges) !== ids(versions.map(each => toEdge(id, 'input', each))))
      throw another;
    return this.get(caller, id);
  }

  #describe(caller: Caller, request: RecordRunRequest): RunRecord {
    const { id, job, state = 'completed', onBehalfOf } = request;
    if (onBehalfOf !== undefined && caller.kind === 'user')
      throw new FieldError(
        'onBehalfOf',
        'it is for service accounts; what a person records is by the person',
      );
    const dropped = new Set<string>();
    const details = describeSafely(request, dropped);
    const [startedAt, endedAt] = [
      readTime('startedAt', request.startedAt),
      readTime('endedAt', request.endedAt),
    ];
    if (startedAt && endedAt && endedAt < startedAt)
      throw new FieldError('endedAt', 'the run ended before it started');
    return {
      id: id ?? this.#createId(),
      job,
      state,
      startedAt,
      endedAt,
      recordedAt: this.#now(),
      recordedBy: caller.subject,
      onBehalfOf: onBehalfOf && readEntityRef('onBehalfOf', onBehalfOf, 'user'),
      ...details,
      dropped: dropped.size > 0 ? [...dropped] : undefined,
    };
  }

  /** Each version once. */
  async #find(
    caller: Caller,
    field: 'inputs' | 'outputs',
    named: readonly RecordedVersion[],
  ): Promise<Named[]> {
    const found = new Map<string, Named>();
    for (const { ref, role, confidence = 'declared' } of named) {
      const { selector, path, ...name } = inField(field, () =>
        parseReference(ref),
      );
      if (selector === undefined || path !== undefined)
        throw new FieldError(
          field,
          `${ref} ${
            path === undefined ? 'names no version' : 'names a file'
          }; name the version, e.g. ${formatReference({
            ...name,
            selector: '1',
          })}`,
        );
      const asset = await this.#asset(caller, field, name);
      const version = await resolveSelector(this.#repository, asset, selector);
      if (selector !== version.label && !isDigestPrefix(selector))
        throw new FieldError(
          field,
          `${ref} means ${
            version.label
          } now, and may mean another version when somebody reads it; name the one that was ${
            field === 'inputs' ? 'read' : 'made'
          }`,
        );
      found.set(`${version.id} ${role ?? ''}`, {
        asset,
        version,
        role,
        confidence,
      });
    }
    return [...found.values()];
  }

  #asset(
    caller: Caller,
    field: 'inputs' | 'outputs',
    name: AssetName,
  ): Promise<AssetRecord> {
    return field === 'outputs'
      ? this.#assets.findFor(caller, 'asset.version.create', name)
      : this.#assets.find(caller, name);
  }
}

function toEdge(
  runId: string,
  direction: 'input' | 'output',
  { version, role, confidence }: Named,
) {
  return { runId, direction, versionId: version.id, role, confidence };
}

function referenceOf({ asset, version }: Named): string {
  return formatReference({ ...asset, selector: version.digest });
}

function present({ asset, version, role, confidence }: Named): RunVersion {
  return {
    namespace: asset.namespace,
    name: asset.name,
    type: asset.type,
    label: version.label,
    digest: version.digest,
    role,
    confidence,
  };
}

function presentEdge(edge: RunVersionListRecord): RunVersion {
  const { namespace, name, type, label, digest, role, confidence } = edge;
  return { namespace, name, type, label, digest, role, confidence };
}

function readTime(field: string, text: string | undefined) {
  if (text === undefined) return undefined;
  const time = readIsoTime(text);
  if (time === undefined)
    throw new FieldError(field, `${field} has to be a time, in ISO 8601`);
  return time;
}

/** What is told of a run besides its inputs and outputs, without what looks like a secret. */
function describeSafely(request: RecordRunRequest, dropped: Set<string>) {
  const { command, code, environment, parameters, metrics } = request;
  const safe = (field: string, value: JsonObject | undefined) => {
    try {
      return value && withoutSecrets(value, dropped);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new FieldError(field, `${field}: ${error.message}`);
    }
  };
  const details = {
    command: command && commandWithoutSecrets(command, dropped),
    code:
      code &&
      (safe('code', { ...code } as unknown as JsonObject) as Run['code']),
    environment: safe('environment', environment),
    parameters: safe('parameters', parameters),
    metrics: safe('metrics', metrics),
  };
  if (JSON.stringify(details).length > LONGEST_DETAILS)
    throw new FieldError(
      'environment',
      `command, code, environment, parameters and metrics are longer than ${
        LONGEST_DETAILS / 1024
      } KiB together; push the rest as an asset`,
    );
  return details;
}
