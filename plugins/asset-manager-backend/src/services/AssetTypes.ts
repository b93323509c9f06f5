import {
  AssetType,
  AssetTypeDocument,
  AssetTypeSource,
  digestOf,
  matchesPattern,
} from '@baseasset/backstage-plugin-asset-manager-common';
import canonicalize from 'canonicalize';
import { LRUCache } from 'lru-cache';
import { FieldError } from '../model/FieldError';
import { metadataProblems } from '../model/metadataSchema';
import type { JsonObject } from '@backstage/types';
import type { AssetTypeRecord } from './assetTypePorts';
import type { Clock, Repository } from './ports';

/** Who makes the revisions that nobody in particular asked for. */
const SYSTEM = 'plugin:asset-manager';

/** A document with the text that it was read from. */
export interface GivenAssetType {
  document: AssetTypeDocument;
  text: string;
}

/**
 * The asset types of this installation, as their newest revisions say. Inside a
 * transaction the repository of it has to be given.
 */
export class AssetTypes {
  readonly #repository: Repository;
  readonly #now: Clock;
  /** Shipped ones that the configuration takes away. */
  readonly #withheld: ReadonlySet<string>;
  readonly #configured: readonly GivenAssetType[];
  readonly #shipped: readonly GivenAssetType[];
  readonly #documents = new LRUCache<string, AssetTypeDocument>({ max: 100 });

  constructor(options: {
    repository: Repository;
    now: Clock;
    /** Those that the product brings with it. */
    shipped: readonly GivenAssetType[];
    /** Names of the shipped ones that this installation has; all when left out. */
    chosen?: readonly string[];
    /** Those of the configuration's files. */
    configured: readonly GivenAssetType[];
  }) {
    const { chosen } = options;
    this.#repository = options.repository;
    this.#now = options.now;
    this.#shipped = options.shipped;
    this.#configured = options.configured;
    this.#withheld = new Set(
      options.shipped
        .map(({ document }) => document.metadata.name)
        .filter(name => chosen !== undefined && !chosen.includes(name)),
    );
  }

  /**
   * Brings what is shipped and configured up to date. What people have changed is
   * left alone, unless the configuration names the type.
   */
  async feed(): Promise<void> {
    for (const given of this.#shipped) {
      const { name } = given.document.metadata;
      const newest = await this.#repository.assetTypes.newest(name);
      if (
        !this.#withheld.has(name) &&
        (newest?.source ?? 'shipped') === 'shipped'
      )
        await this.#follow(newest, given, 'shipped');
    }
    for (const given of this.#configured) {
      const newest = await this.#repository.assetTypes.newest(
        given.document.metadata.name,
      );
      await this.#follow(newest, given, 'configuration');
    }
  }

  /** By name. */
  async list(): Promise<AssetType[]> {
    const records = await this.#repository.assetTypes.allNewest();
    return records.filter(record => this.#isThere(record)).map(toAssetType);
  }

  /** @throws FieldError that lists the types there are */
  async get(name: string): Promise<AssetType> {
    const type = await this.find(name);
    if (!type) {
      const types = await this.list();
      throw new FieldError(
        'type',
        `there is no asset type '${name}'; the types here are ${types
          .map(each => each.name)
          .join(', ')}`,
      );
    }
    return type;
  }

  async find(
    name: string,
    { assetTypes }: Repository = this.#repository,
  ): Promise<AssetType | undefined> {
    const record = await assetTypes.newest(name);
    if (!record || !this.#isThere(record)) return undefined;
    // A schema is made ready once for each document, which takes longer than to ask it.
    const document = this.#documents.get(record.digest) ?? record.document;
    this.#documents.set(record.digest, document);
    return toAssetType({ ...record, document });
  }

  /** The names of the stages of a type; none when it has been taken away. */
  async stagesOf(name: string, repository?: Repository): Promise<string[]> {
    const type = await this.find(name, repository);
    return type?.spec.stages.map(stage => stage.name) ?? [];
  }

  /** Whether the type lets maintainers alone set an alias. */
  async protects(
    name: string,
    alias: string,
    repository?: Repository,
  ): Promise<boolean> {
    const type = await this.find(name, repository);
    const patterns = type?.spec.protectedAliases ?? [];
    return patterns.some(pattern => matchesPattern(pattern, alias));
  }

  /**
   * Holds the metadata of a version to the schema of its type.
   *
   * @throws FieldError that says all that is wrong
   */
  async checkMetadata(
    name: string,
    metadata: JsonObject,
    repository?: Repository,
  ): Promise<void> {
    const schema = (await this.find(name, repository))?.spec.metadata;
    if (!schema) return;
    const problems = metadataProblems(schema, metadata);
    if (problems.length > 0)
      throw new FieldError(
        'metadata',
        `it is not what the type ${name} asks for: ${problems.join('; ')}`,
      );
  }

  /** Whether a file of the configuration says what the type is. */
  isConfigured(name: string): boolean {
    return this.#configured.some(
      ({ document }) => document.metadata.name === name,
    );
  }

  /**
   * Makes the next revision, if it says anything new.
   *
   * @returns the revision that stands then
   */
  async #follow(
    newest: AssetTypeRecord | undefined,
    { document, text }: GivenAssetType,
    source: AssetTypeSource,
  ): Promise<void> {
    const digest = digestOfDocument(document);
    if (newest?.digest === digest && newest.source === source) return;
    // Another process that starts at the same moment may be faster: it says the same.
    const { name } = document.metadata;
    const revision = (newest?.revision ?? 0) + 1;
    const at = this.#now();
    await this.#repository.transaction(async ({ assetTypes, audit }) => {
      const isNew = await assetTypes.insert({
        name,
        revision,
        digest,
        document,
        text,
        source,
        createdAt: at,
        createdBy: SYSTEM,
      });
      if (isNew)
        await audit.append({
          at,
          actor: SYSTEM,
          action: 'asset-type.changed',
          object: `type:${name}`,
          old: newest && { revision: newest.revision, digest: newest.digest },
          new: { revision, digest, source },
        });
    });
  }

  #isThere({ name, source }: AssetTypeRecord): boolean {
    return source !== 'shipped' || !this.#withheld.has(name);
  }
}

export function digestOfDocument(document: AssetTypeDocument) {
  return digestOf(canonicalize(document)!);
}

export function toAssetType(record: AssetTypeRecord): AssetType {
  const { metadata, spec } = record.document;
  return {
    ...toRevision(record),
    name: record.name,
    title: metadata.title ?? record.name,
    description: metadata.description,
    spec,
  };
}

export function toRevision({
  name: _name,
  document: _document,
  text: _text,
  ...revision
}: AssetTypeRecord) {
  return revision;
}
