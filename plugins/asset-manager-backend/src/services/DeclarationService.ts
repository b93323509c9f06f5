import { NotAllowedError, NotFoundError } from '@backstage/errors';
import {
  AssetName,
  formatReference,
  nameProblem,
  namespaceProblem,
  refuse,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import type { AccessDecider } from './AccessDecider';
import { inField } from '../model/FieldError';
import { AssetNotFoundError, AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import type { ChangeSignal } from './ChangeSignal';
import type {
  AssetCard,
  AssetRecord,
  Clock,
  DeclarationRecord,
  Repository,
} from './ports';

/** The service that reads repositories, and so may tell of declarations. */
const CATALOG = 'plugin:catalog';

/**
 * Declarations of assets in repositories. The first to use a free name makes
 * the asset; on an asset that stands, a declaration is a proposal until one of
 * the asset's maintainers accepts it. From then on it writes the card. It never
 * touches versions, and when it goes, the asset stays as it last was.
 */
export class DeclarationService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #types: AssetTypes;
  readonly #now: Clock;
  readonly #createUid: () => string;
  readonly #changed: ChangeSignal;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    types: AssetTypes;
    now: Clock;
    createUid: () => string;
    changed: ChangeSignal;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#types = options.types;
    this.#now = options.now;
    this.#createUid = options.createUid;
    this.#changed = options.changed;
  }

  /** Hears that a repository declares an asset. */
  async declare(
    caller: Caller,
    name: AssetName,
    declaration: { location: string; card: AssetCard },
  ): Promise<{ state: DeclarationRecord['state'] }> {
    assertCatalog(caller);
    inField('namespace', () =>
      refuse('namespace', name.namespace, namespaceProblem(name.namespace)),
    );
    inField('name', () =>
      refuse('asset name', name.name, nameProblem(name.name)),
    );
    await this.#types.get(declaration.card.type);
    const { location, card } = declaration;
    const at = this.#now();
    const state = await this.#repository.transaction(async repository => {
      const standing = await repository.assets.find(name, 'everything');
      if (!standing) {
        const asset = await repository.assets.insert({
          ...name,
          ...card,
          uid: this.#createUid(),
          revision: 1,
          createdAt: at,
          createdBy: location,
          updatedAt: at,
        });
        await repository.declarations.put(
          asset.id,
          { location, card, state: 'accepted', seenAt: at },
          caller.subject,
        );
        await repository.changes.append({
          asset,
          kind: 'asset.created',
          at,
          by: location,
        });
        return 'accepted' as const;
      }
      // Its name is free only when its bytes are gone.
      if (standing.deletion) return 'proposed' as const;
      await repository.assets.lock(standing.id);
      const former = (await repository.declarations.list(standing.id)).find(
        each => each.location === location,
      );
      const record = {
        location,
        card,
        state: former?.state ?? 'proposed',
        seenAt: at,
      } as const;
      if (former && JSON.stringify(former.card) === JSON.stringify(card))
        return former.state;
      await repository.declarations.put(standing.id, record, caller.subject);
      await this.#announce(repository, standing, record, location, at);
      return record.state;
    });
    this.#changed.raise();
    return { state };
  }

  /** Hears that a repository declares an asset no more. */
  async withdraw(
    caller: Caller,
    name: AssetName,
    location: string,
  ): Promise<void> {
    assertCatalog(caller);
    const asset = await this.#repository.assets.find(name, 'everything');
    if (!asset) throw new AssetNotFoundError(name);
    const at = this.#now();
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      await repository.declarations.remove(asset.id, location);
      await repository.changes.append({
        asset,
        kind: 'declaration.changed',
        at,
        by: location,
      });
    });
    this.#changed.raise();
  }

  /** Lets a declaration write the card. */
  async accept(
    caller: Caller,
    name: AssetName,
    location: string,
  ): Promise<void> {
    const asset = await this.#assets.findFor(caller, 'asset.update', name);
    // What a declaration says of the owner holds from then on.
    await this.#access.demandHandOver(caller, asset);
    const at = this.#now();
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      const declarations = await repository.declarations.list(asset.id);
      const chosen = declarations.find(each => each.location === location);
      if (!chosen) {
        throw new NotFoundError(
          `no declaration of ${formatReference(asset)} stands in ${location}`,
        );
      }
      for (const other of declarations) {
        if (other.state === 'accepted' && other.location !== location) {
          await repository.declarations.put(
            asset.id,
            { ...other, state: 'proposed' },
            caller.subject,
          );
        }
      }
      const accepted = { ...chosen, state: 'accepted' as const };
      await repository.declarations.put(asset.id, accepted, caller.subject);
      await this.#announce(repository, asset, accepted, caller.subject, at);
    });
    this.#changed.raise();
  }

  async #announce(
    repository: Repository,
    asset: AssetRecord,
    declaration: DeclarationRecord,
    by: string,
    at: string,
  ): Promise<void> {
    if (declaration.state === 'accepted') {
      const updated = await repository.assets.update({
        ...asset,
        ...declaration.card,
        updatedAt: at,
      });
      if (
        asset.visibility !== 'restricted' &&
        updated.visibility === 'restricted'
      ) {
        await repository.changes.append({
          asset: updated,
          kind: 'asset.hidden',
          at,
          by,
        });
      }
      await repository.changes.append({
        asset: updated,
        kind: 'asset.updated',
        at,
        by,
      });
    }
    await repository.changes.append({
      asset,
      kind: 'declaration.changed',
      at,
      by,
    });
  }

  /** Accepted declarations, for the catalog to know which cards they may write. */
  async list(caller: Caller, name: AssetName): Promise<DeclarationRecord[]> {
    const asset = await this.#assets.find(caller, name);
    const declarations = await this.#repository.declarations.list(asset.id);
    return caller.subject === CATALOG ||
      (await this.#access.may(caller, 'asset.update', asset))
      ? declarations
      : declarations.filter(each => each.state === 'accepted');
  }
}

function assertCatalog(caller: Caller): void {
  if (caller.subject !== CATALOG) {
    throw new NotAllowedError('only the catalog may tell of declarations');
  }
}
