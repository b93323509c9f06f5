import type { LoggerService } from '@backstage/backend-plugin-api';
import { stringifyEntityRef } from '@backstage/catalog-model';
import type {
  EntityProvider,
  EntityProviderConnection,
} from '@backstage/plugin-catalog-node';
import {
  AssetManagerClient,
  AssetManagerError,
  isTransient,
} from '@baseasset/client';
import {
  AssetEntity,
  assetEntityRef,
  AssetSummary,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Sighting } from './AssetDeclarationProcessor';
import { declaredAt, toCard, toEntity } from './assetEntity';
import { KnownAssets, refOf } from './KnownAssets';

/** Reads the entities of kind Asset that the catalog has, and makes it look at one again. */
export interface AssetCatalog {
  entities(): Promise<AssetEntity[]>;
  refresh(entityRef: string): Promise<void>;
}

/**
 * Feeds the catalog one entity for each asset, and tells the asset manager of
 * the ones that repositories declare.
 *
 * Follows the change feed: a push is in the catalog as soon as the feed was
 * read, which an event makes happen at once. Because the removal of a
 * declaration deletes its entity, and a declaration may claim one of ours,
 * everything is compared from time to time (`reconcile`).
 *
 * Entities are fed without a location key, so that a declaration may claim
 * them. Restricted assets come here where the configuration says that the portal's
 * policy hides them; otherwise the feed does not show them to us.
 */
export class AssetEntityProvider implements EntityProvider {
  readonly #client: AssetManagerClient;
  readonly #catalog: AssetCatalog;
  readonly #known: KnownAssets;
  readonly #logger: LoggerService;
  readonly #sightings = new Map<string, Sighting>();
  #connection: EntityProviderConnection | undefined;
  /** Declared entities as the last comparison found them, by reference. */
  #declared = new Map<string, string>();
  /** Declarations whose entities the last comparison did not find. */
  readonly #missing = new Map<string, string>();
  /** The feed was read up to here; undefined before the first comparison. */
  #after: number | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: {
    client: AssetManagerClient;
    catalog: AssetCatalog;
    known: KnownAssets;
    logger: LoggerService;
  }) {
    this.#client = options.client;
    this.#catalog = options.catalog;
    this.#known = options.known;
    this.#logger = options.logger;
  }

  getProviderName(): string {
    return 'asset-manager';
  }

  async connect(connection: EntityProviderConnection): Promise<void> {
    this.#connection = connection;
  }

  /** Hears of a declaration, from inside entity processing. */
  noteSighting(sighting: Sighting): void {
    this.#sightings.set(
      `${sighting.location} ${stringifyEntityRef(sighting.entity)}`,
      sighting,
    );
  }

  /** Reads the feed to its end. Calls are answered one after the other. */
  follow(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#after === undefined) await this.#reconcile();
      await this.#tellSightings();
      await this.#readFeed();
    });
  }

  /** Compares everything. */
  reconcile(): Promise<void> {
    return this.#enqueue(async () => {
      await this.#tellSightings();
      await this.#reconcile();
    });
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const result = this.#running.then(work);
    this.#running = result.catch(() => {});
    return result;
  }

  async #readFeed(): Promise<void> {
    for (;;) {
      const { items, after } = await this.#client.listChanges({
        after: this.#after,
        limit: 1000,
      });
      const names = new Map(items.map(change => [refOf(change), change]));
      const added: AssetEntity[] = [];
      const removed: string[] = [];
      for (const [ref, name] of names) {
        const asset = await this.#client.getAsset(name).catch(error => {
          if (error instanceof AssetManagerError && error.status === 404)
            return undefined;
          throw error;
        });
        const before = this.#known.get(ref);
        if (asset) this.#known.set(asset);
        else this.#known.delete(ref);
        if (this.#declared.has(ref)) {
          if (acceptance(before) !== acceptance(asset))
            await this.#catalog.refresh(ref);
        } else if (asset) {
          added.push(toEntity(asset));
        } else {
          removed.push(ref);
        }
      }
      if (added.length + removed.length > 0) {
        await this.#connection?.applyMutation({
          type: 'delta',
          added: added.map(entity => ({ entity })),
          removed: removed.map(entityRef => ({ entityRef })),
        });
      }
      this.#after = after;
      if (items.length < 1000) return;
    }
  }

  async #reconcile(): Promise<void> {
    // What changes while we compare is read again from here.
    const after = await this.#endOfFeed();
    const entities = await this.#catalog.entities();
    const assets: AssetSummary[] = [];
    for await (const asset of this.#client.assets(
      { sort: 'name' },
      { limit: 1000 },
    )) {
      assets.push(asset);
    }
    const before = new Map(
      this.#known.values().map(asset => [refOf(asset), asset]),
    );
    this.#known.replace(assets);

    const declared = new Map<string, string>();
    for (const entity of entities) {
      const location = declaredAt(entity);
      if (location) declared.set(stringifyEntityRef(entity), location);
    }
    this.#declared = declared;
    for (const entity of entities) {
      const ref = stringifyEntityRef(entity);
      const location = declared.get(ref);
      if (!location) continue;
      const asset = this.#known.get(ref);
      // A sighting that was lost, since the processing of an entity is not repeated for hours.
      if (!asset) await this.#tell({ location, entity });
      else if (acceptance(before.get(ref)) !== acceptance(asset))
        await this.#catalog.refresh(ref);
    }
    for (const asset of assets) {
      const { declaration } = asset;
      const ref = refOf(asset);
      if (!declaration || declared.get(ref) === declaration.location) {
        this.#missing.delete(ref);
      } else if (this.#missing.get(ref) === declaration.location) {
        this.#missing.delete(ref);
        await this.#client.withdrawDeclaration(asset, declaration.location);
      } else {
        // It may have been seen just now, with its entity not in the catalog yet.
        this.#missing.set(ref, declaration.location);
      }
    }
    const fed = assets.filter(asset => !declared.has(assetEntityRef(asset)));
    await this.#connection?.applyMutation({
      type: 'full',
      entities: fed.map(asset => ({ entity: toEntity(asset) })),
    });
    this.#after = after;
  }

  async #endOfFeed(): Promise<number> {
    let after = this.#after ?? 0;
    for (;;) {
      const page = await this.#client.listChanges({ after, limit: 1000 });
      after = page.after;
      if (page.items.length < 1000) return after;
    }
  }

  async #tellSightings(): Promise<void> {
    for (const [key, sighting] of [...this.#sightings]) {
      await this.#tell(sighting);
      // A newer one may have come while we told this one.
      if (this.#sightings.get(key) === sighting) this.#sightings.delete(key);
    }
  }

  async #tell({ location, entity }: Sighting): Promise<void> {
    const { namespace = 'default', name } = entity.metadata;
    try {
      await this.#client.declareAsset(
        { namespace, name },
        { location, card: toCard(entity) },
      );
    } catch (error) {
      // Nobody may be asked now, or somebody was faster: this is told again. Whatever
      // else is wrong is wrong with the declaration, and must not hold up the others.
      if (
        isTransient(error) ||
        (error instanceof AssetManagerError && error.status === 409)
      )
        throw error;
      this.#logger.warn(
        `the declaration of ${stringifyEntityRef(
          entity,
        )} in ${location} was refused: ${(error as Error).message}`,
      );
    }
  }
}

/** Which declaration may write the card, as a text to compare. */
function acceptance(asset: AssetSummary | undefined): string {
  return `${asset?.declaration?.location} ${asset?.declaration?.state}`;
}
