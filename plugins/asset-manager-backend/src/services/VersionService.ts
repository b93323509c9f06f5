import {
  ConflictError,
  isError,
  NotAllowedError,
  NotFoundError,
} from '@backstage/errors';
import {
  AssetFile,
  AssetName,
  AssetVersion,
  Deletion,
  formatReference,
  ManifestEntry,
  mediaTypeOf,
  Page,
  VersionComparison,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { ByteRange } from '@baseasset/backstage-plugin-asset-manager-node';
import type { Writable } from 'node:stream';
import type { Caller } from '../model/caller';
import { FieldError } from '../model/FieldError';
import { initialStage } from '../model/stages';
import type { AccessDecider } from './AccessDecider';
import type { AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import type { BlockDigests } from './BlockDigests';
import type { ManifestReader } from './ManifestReader';
import type {
  AssetRecord,
  BlobRecord,
  DeletionRecord,
  Repository,
  VersionRecord,
} from './ports';
import { readTime, resolveSelector, resolveSelectorAsOf } from './selectors';
import { rankOf, StorePreference, Stores } from './Stores';

const MAX_LISTED_CHANGES = 2000;

/** A version that a reference named, with its asset. */
export interface ResolvedVersion {
  asset: AssetRecord;
  version: VersionRecord;
}

/** How a file is read. */
export interface ReadOptions extends StorePreference {
  range?: ByteRange;
}

/** Finds versions, lists and compares their files, and opens them. */
export class VersionService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #types: AssetTypes;
  readonly #manifests: ManifestReader;
  readonly #stores: Stores;
  readonly #blocks: BlockDigests;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    types: AssetTypes;
    manifests: ManifestReader;
    stores: Stores;
    blocks: BlockDigests;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#types = options.types;
    this.#manifests = options.manifests;
    this.#stores = options.stores;
    this.#blocks = options.blocks;
  }

  /** @throws NotFoundError when the asset or the version does not exist for the caller */
  async resolve(
    caller: Caller,
    name: AssetName,
    selector: string,
  ): Promise<ResolvedVersion> {
    const asset = await this.#assets.find(caller, name);
    return {
      asset,
      version: await resolveSelector(this.#repository, asset, selector),
    };
  }

  async get(
    caller: Caller,
    name: AssetName,
    selector: string,
    asOf?: string,
  ): Promise<AssetVersion> {
    if (asOf === undefined) {
      const { asset, version } = await this.resolve(caller, name, selector);
      return (await presentVersions(this.#repository, asset, [version]))[0];
    }
    const asset = await this.#assets.find(caller, name);
    const time = readTime(asOf);
    const version = await resolveSelectorAsOf(
      this.#repository,
      asset,
      selector,
      time,
    );
    return (await presentVersions(this.#repository, asset, [version], time))[0];
  }

  async list(
    caller: Caller,
    name: AssetName,
    options: { cursor?: string; limit: number },
  ): Promise<Page<AssetVersion>> {
    const asset = await this.#assets.find(caller, name);
    const before =
      options.cursor === undefined ? undefined : Number(options.cursor);
    if (before !== undefined && !Number.isSafeInteger(before)) {
      throw new FieldError(
        'cursor',
        'cursor is not one that a list gave; leave it out to begin again',
      );
    }
    const found = await this.#repository.versions.list({
      assetId: asset.id,
      before,
      limit: options.limit + 1,
    });
    const shown = found.slice(0, options.limit);
    return {
      items: await presentVersions(this.#repository, asset, shown),
      nextCursor:
        found.length > options.limit ? `${shown.at(-1)?.sequence}` : undefined,
    };
  }

  /** The canonical manifest, whose SHA-256 is the version's digest. */
  async manifest(caller: Caller, name: AssetName, selector: string) {
    const { version } = await this.resolve(caller, name, selector);
    return { version, text: await this.#manifests.manifest(version.id) };
  }

  /** A canonical page of the manifest. */
  async manifestPage(
    caller: Caller,
    name: AssetName,
    selector: string,
    position: number,
  ) {
    const { asset, version } = await this.resolve(caller, name, selector);
    const text = await this.#manifests.pageText({
      uid: asset.uid,
      versionId: version.id,
      position,
    });
    return { version, text };
  }

  async files(
    caller: Caller,
    name: AssetName,
    selector: string,
    options: { under?: string; cursor?: string; limit: number },
  ): Promise<Page<AssetFile>> {
    const { asset, version } = await this.resolve(caller, name, selector);
    const { under = '', limit } = options;
    const items: AssetFile[] = [];
    for await (const entry of this.#manifests.walk({
      uid: asset.uid,
      versionId: version.id,
      from: under,
      after: options.cursor,
    })) {
      // What begins with a text stands together, from the text itself on.
      if (!entry.path.startsWith(under)) break;
      if (items.length === limit)
        return { items, nextCursor: items[limit - 1].path };
      items.push({ ...entry, mediaType: mediaTypeOf(entry.path) });
    }
    return { items };
  }

  /**
   * The version that a selector means, and whose files can be read.
   *
   * @throws NotFoundError when it is deleted
   */
  async resolveStanding(
    caller: Caller,
    name: AssetName,
    selector: string,
  ): Promise<ResolvedVersion> {
    const resolved = await this.resolve(caller, name, selector);
    const { asset, version } = resolved;
    if (version.deletion) {
      const { at, by, purgedAt } = version.deletion;
      const reference = formatReference({ ...asset, selector: version.label });
      throw new NotFoundError(
        `${reference} was deleted by ${by} on ${at.slice(0, 10)}${
          purgedAt
            ? ', and its bytes are gone'
            : `; its owners can bring it back: asset undelete ${reference}`
        }`,
      );
    }
    return resolved;
  }

  /**
   * Lets a caller download the files of a version.
   *
   * @throws NotAllowedError when the caller may not, or nobody may as things stand
   */
  async demandDownload(
    caller: Caller,
    { asset, version }: ResolvedVersion,
  ): Promise<void> {
    await this.#access.demand(caller, 'asset.download', asset);
    const type = await this.#types.find(asset.type);
    if (!type) return;
    const reference = formatReference({ ...asset, selector: version.label });
    const { retraction } = version;
    if (retraction && type.spec.retracted === 'refuse')
      throw new NotAllowedError(
        `${reference} was retracted by ${retraction.by}: ${retraction.reason}; the type ${type.name} lets nobody download it`,
      );
    if (!type.spec.stages.some(({ downloads }) => downloads)) return;
    const moves = await this.#repository.transitions.lastOf([version.id]);
    const stage = moves.get(version.id)?.to ?? initialStage(type.spec);
    const role = type.spec.stages.find(({ name }) => name === stage)?.downloads;
    if (!role) return;
    const { roles } = await this.#access.of(caller, asset);
    if (!roles.has(role))
      throw new NotAllowedError(
        `${reference} stands in '${stage}', where downloading takes the role ${role}; ask ${asset.owner}`,
      );
  }

  /** Whether the versions of an asset may differ in who downloads them. */
  async hasDownloadRules(asset: AssetRecord): Promise<boolean> {
    const spec = (await this.#types.find(asset.type))?.spec;
    return (
      spec?.retracted === 'refuse' ||
      Boolean(spec?.stages.some(({ downloads }) => downloads))
    );
  }

  /** @throws NotFoundError when the version is deleted, or has no such file */
  async file(caller: Caller, name: AssetName, selector: string, path: string) {
    const { asset, version } = await this.resolveStanding(
      caller,
      name,
      selector,
    );
    await this.demandDownload(caller, { asset, version });
    const entry = await this.#manifests.find({
      uid: asset.uid,
      versionId: version.id,
      path,
    });
    if (!entry) {
      throw new NotFoundError(
        `there is no file ${JSON.stringify(path)} in ${formatReference({
          ...asset,
          selector: version.label,
        })}`,
      );
    }
    return {
      version,
      entry: { ...entry, mediaType: mediaTypeOf(path) },
      /** Writes the bytes to a stream, and does not end it. */
      writeTo: async (
        destination: Writable,
        options: ReadOptions & { onStore: (store: string) => void },
      ) => {
        const copies = await this.#copiesOf(asset, entry, options);
        await namingFile(entry, this.#write(destination, copies, options));
      },
      /** The digests of some of its blocks, of 32 bytes each, as of the first copy that can be read. */
      blocks: async (
        range: { first: number; count: number },
        preference: StorePreference & { wait: boolean },
      ) => {
        const copies = await this.#copiesOf(asset, entry, preference);
        return namingFile(
          entry,
          firstOf(copies, copy => this.#blocks.read(copy, range, preference)),
        );
      },
      /** Where the bytes can be had without us; undefined when they can't. */
      signGet: async (options: StorePreference) => {
        const [{ store, key, offset }] = await this.#copiesOf(
          asset,
          entry,
          options,
        );
        // A signed address is one of the whole pack.
        if (offset !== undefined) return undefined;
        const signed = await this.#stores.get(store).direct?.signGet({
          key,
          fileName: path.slice(path.lastIndexOf('/') + 1),
        });
        return signed && { store, url: signed.url };
      },
    };
  }

  async compare(
    caller: Caller,
    from: { name: AssetName; selector: string },
    to: { name: AssetName; selector: string },
  ): Promise<VersionComparison> {
    const a = await this.resolve(caller, from.name, from.selector);
    const b = await this.resolve(caller, to.name, to.selector);
    const compared = await this.#manifests.compare(
      {
        uid: a.asset.uid,
        pages: await this.#repository.versions.pages(a.version.id),
      },
      {
        uid: b.asset.uid,
        pages: await this.#repository.versions.pages(b.version.id),
      },
      { listed: MAX_LISTED_CHANGES },
    );
    return { from: presentSide(a), to: presentSide(b), ...compared };
  }

  /** The copies of a file's bytes: those first that are wanted, and then those that were verified. */
  async #copiesOf(
    asset: AssetRecord,
    entry: ManifestEntry,
    preference: StorePreference,
  ): Promise<BlobRecord[]> {
    const found = await this.#repository.blobs.find(asset.id, [entry.digest]);
    const copies = this.#stores.usable(found.get(entry.digest));
    if (copies.length === 0)
      throw new ConflictError(
        `the bytes of ${JSON.stringify(
          entry.path,
        )} are damaged or gone where they were stored; who pushes them again mends the version`,
      );
    const last = ({ state, store }: BlobRecord) =>
      rankOf(store, preference) * 4 +
      Number(state !== 'verified') * 2 +
      Number(this.#stores.get(store).direct !== undefined);
    return copies.sort((a, b) => last(a) - last(b));
  }

  /** Writes the first copy that can be opened. */
  async #write(
    destination: Writable,
    copies: readonly BlobRecord[],
    options: { range?: ByteRange; onStore: (store: string) => void },
  ): Promise<void> {
    const { range, onStore } = options;
    let failure: unknown;
    for (const copy of copies) {
      onStore(copy.store);
      try {
        await this.#stores.writeTo(destination, copy, range);
        return;
      } catch (error) {
        // Once bytes are on their way there is no going back to another copy.
        if (wasBegun(destination)) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }
}

/** A store knows its keys alone; whoever reads a file is told which one is gone. */
async function namingFile<T>(
  { path }: ManifestEntry,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isError(error) || error.name !== 'NotFoundError') throw error;
    throw new NotFoundError(
      `the bytes of ${JSON.stringify(
        path,
      )} are gone where they were stored; a check of the store mends them from another copy, and who pushes them again mends them, too`,
    );
  }
}

/**
 * What the first copy gives that gives something.
 *
 * @throws what the first one threw when none does, or that one of them will later
 */
async function firstOf<T>(
  copies: readonly BlobRecord[],
  work: (copy: BlobRecord) => Promise<T>,
): Promise<T> {
  let failure: unknown;
  for (const copy of copies) {
    try {
      return await work(copy);
    } catch (error) {
      failure ??= error;
      if (isError(error) && error.name === 'ServiceUnavailableError')
        failure = error;
    }
  }
  throw failure;
}

function wasBegun(destination: Writable): boolean {
  return (
    destination.destroyed ||
    (destination as { headersSent?: boolean }).headersSent === true
  );
}

/** The names of the aliases of each version, as they stand or stood at a time. */
async function aliasNames(
  repository: Repository,
  assetId: number,
  time: string | undefined,
): Promise<(version: VersionRecord) => string[]> {
  if (time === undefined) {
    const aliases = await repository.aliases.list(assetId);
    return ({ id }) =>
      aliases.filter(alias => alias.versionId === id).map(({ name }) => name);
  }
  const labels = [...(await repository.aliases.asOf(assetId, time))];
  return ({ label }) =>
    labels.filter(([, each]) => each === label).map(([name]) => name);
}

/**
 * Versions as the API gives them.
 *
 * @param time - with the stage, the aliases and the retraction that they had then
 */
export async function presentVersions(
  repository: Repository,
  asset: AssetRecord,
  versions: readonly VersionRecord[],
  time?: string,
): Promise<AssetVersion[]> {
  if (versions.length === 0) return [];
  const ids = versions.map(version => version.id);
  const [latest, aliases, moves, type, retractions] = await Promise.all([
    repository.versions.latest(asset.id, time),
    aliasNames(repository, asset.id, time),
    repository.transitions.lastOf(ids, time),
    repository.assetTypes.newest(asset.type),
    time === undefined
      ? undefined
      : repository.versions.retractionsAt(ids, time),
  ]);
  const initial = type && initialStage(type.document.spec);
  const bannerOf = (stage: string | undefined) =>
    type?.document.spec.stages.find(({ name }) => name === stage)?.banner;
  return versions.map(version => ({
    label: version.label,
    digest: version.digest,
    sequence: version.sequence,
    fileCount: version.fileCount,
    size: version.size,
    message: version.message,
    metadata: version.metadata,
    verification: version.verification,
    deletion: version.deletion && presentDeletion(version.deletion),
    retraction: retractions ? retractions.get(version.id) : version.retraction,
    banner: bannerOf(moves.get(version.id)?.to ?? initial),
    createdAt: version.createdAt,
    createdBy: version.createdBy,
    aliases: aliases(version),
    stage: moves.get(version.id)?.to ?? initial,
    latest: version.id === latest?.id,
    changes: version.changes,
  }));
}

/** A deletion as the API gives it. */
export function presentDeletion(deletion: DeletionRecord): Deletion {
  const { at, by, reason, until, purgedAt } = deletion;
  return {
    at,
    by,
    reason,
    until: purgedAt ? undefined : until,
    final: purgedAt !== undefined,
  };
}

function presentSide({ asset, version }: ResolvedVersion) {
  return {
    namespace: asset.namespace,
    name: asset.name,
    label: version.label,
    digest: version.digest,
    metadata: version.metadata,
    size: version.size,
    fileCount: version.fileCount,
  };
}
