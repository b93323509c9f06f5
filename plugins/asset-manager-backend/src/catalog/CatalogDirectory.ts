import type { AuthService } from '@backstage/backend-plugin-api';
import { isError, ServiceUnavailableError } from '@backstage/errors';
import type { Entity } from '@backstage/catalog-model';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import { LRUCache } from 'lru-cache';
import type {
  MembershipDirectory,
  Memberships,
} from '../services/MembershipDirectory';
import type { OwnerDirectory } from '../services/OwnerDirectory';

/** Groups above groups above groups, and no more than this. */
const DEEPEST = 20;

const FIELDS = ['kind', 'metadata.name', 'metadata.namespace', 'relations'];

/** The people and groups that the portal's catalog knows. */
export class CatalogDirectory implements MembershipDirectory, OwnerDirectory {
  readonly #catalog: CatalogService;
  readonly #auth: AuthService;
  /** Groups of people as they were the last time. */
  readonly #last = new LRUCache<string, string[]>({ max: 10_000 });

  constructor(options: { catalog: CatalogService; auth: AuthService }) {
    this.#catalog = options.catalog;
    this.#auth = options.auth;
  }

  async has(entityRef: string): Promise<boolean> {
    const credentials = await this.#auth.getOwnServiceCredentials();
    return (
      (await this.#catalog.getEntityByRef(entityRef, { credentials })) !==
      undefined
    );
  }

  async of(userRef: string): Promise<Memberships> {
    try {
      const memberships = await this.#look(userRef);
      this.#last.set(userRef, memberships.all);
      return memberships;
    } catch (error) {
      throw new ServiceUnavailableError(
        `the catalog could not be asked for the groups of ${userRef}`,
        isError(error) ? error : undefined,
      );
    }
  }

  /**
   * Asks for a person and for the groups that it had the last time at once: mostly
   * they are the same, and it is one request instead of one for each level.
   */
  async #look(userRef: string): Promise<Memberships> {
    const entities = new Map<string, Entity | undefined>();
    const fetch = async (refs: string[]) => {
      const unknown = refs.filter(ref => !entities.has(ref));
      if (unknown.length === 0) return;
      const { items } = await this.#catalog.getEntitiesByRefs(
        { entityRefs: unknown, fields: FIELDS },
        { credentials: await this.#auth.getOwnServiceCredentials() },
      );
      unknown.forEach((ref, index) => entities.set(ref, items[index]));
    };
    const above = (refs: string[], relation: string) =>
      refs.flatMap(ref => targetsOf(entities.get(ref), relation));

    await fetch([userRef, ...(this.#last.get(userRef) ?? [])]);
    const groups = above([userRef], 'memberOf');
    const all = new Set(groups);
    let level = groups;
    for (let depth = 0; level.length > 0 && depth < DEEPEST; depth++) {
      await fetch(level);
      level = [...new Set(above(level, 'childOf'))].filter(
        ref => !all.has(ref),
      );
      for (const ref of level) all.add(ref);
    }
    return { groups, all: [...all] };
  }
}

/** Groups that an entity has a relation to. */
function targetsOf(entity: Entity | undefined, relation: string): string[] {
  return (entity?.relations ?? [])
    .filter(({ type }) => type === relation)
    .map(({ targetRef }) => targetRef)
    .filter(ref => ref.startsWith('group:'));
}
