import type { AuthService } from '@backstage/backend-plugin-api';
import { ServiceUnavailableError } from '@backstage/errors';
import type { Entity } from '@backstage/catalog-model';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import type {
  MembershipDirectory,
  Memberships,
} from '../services/MembershipDirectory';
import type { OwnerDirectory } from '../services/OwnerDirectory';

/** An answer may be this old where it does not have to be fresh. */
const FRESH_MS = 5_000;
/** Answers that are kept. */
const KEPT = 10_000;
/** Groups above groups above groups, and no more than this. */
const DEEPEST = 20;

const FIELDS = ['kind', 'metadata.name', 'metadata.namespace', 'relations'];

/** The people and groups that the portal's catalog knows. */
export class CatalogDirectory implements MembershipDirectory, OwnerDirectory {
  readonly #catalog: CatalogService;
  readonly #auth: AuthService;
  readonly #answers = new Map<
    string,
    { at: number; memberships: Promise<Memberships> }
  >();

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

  of(userRef: string, options: { fresh?: boolean } = {}): Promise<Memberships> {
    const now = performance.now();
    const known = this.#answers.get(userRef);
    if (known && !options.fresh && now - known.at < FRESH_MS)
      return known.memberships;
    const memberships = this.#look(userRef).catch(error => {
      throw new ServiceUnavailableError(
        `the catalog could not be asked for the groups of ${userRef}`,
        error,
      );
    });
    this.#answers.delete(userRef);
    this.#answers.set(userRef, { at: now, memberships });
    memberships.catch(() => this.#answers.delete(userRef));
    if (this.#answers.size > KEPT)
      this.#answers.delete(this.#answers.keys().next().value!);
    return memberships;
  }

  async #look(userRef: string): Promise<Memberships> {
    const credentials = await this.#auth.getOwnServiceCredentials();
    const user = await this.#catalog.getEntityByRef(userRef, { credentials });
    const groups = user ? targetsOf(user, 'memberOf') : [];
    const all = new Set(groups);
    let level = groups;
    for (let depth = 0; level.length > 0 && depth < DEEPEST; depth++) {
      const { items } = await this.#catalog.getEntitiesByRefs(
        { entityRefs: level, fields: FIELDS },
        { credentials },
      );
      const above = items.flatMap(group =>
        group ? targetsOf(group, 'childOf') : [],
      );
      level = [...new Set(above)].filter(ref => !all.has(ref));
      for (const ref of level) all.add(ref);
    }
    return { groups, all: [...all] };
  }
}

/** Groups that an entity has a relation to. */
function targetsOf(entity: Entity, relation: string): string[] {
  return (entity.relations ?? [])
    .filter(({ type }) => type === relation)
    .map(({ targetRef }) => targetRef)
    .filter(ref => ref.startsWith('group:'));
}
