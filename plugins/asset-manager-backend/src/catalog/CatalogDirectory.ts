import type { AuthService } from '@backstage/backend-plugin-api';
import { ServiceUnavailableError } from '@backstage/errors';
import type { Entity } from '@backstage/catalog-model';
import type { CatalogService } from '@backstage/plugin-catalog-node';
import type {
  MembershipDirectory,
  Memberships,
} from '../services/MembershipDirectory';
import type { OwnerDirectory } from '../services/OwnerDirectory';
import { SharedAnswers } from '../services/SharedAnswers';

/** Groups above groups above groups, and no more than this. */
const DEEPEST = 20;

const FIELDS = ['kind', 'metadata.name', 'metadata.namespace', 'relations'];

/** The people and groups that the portal's catalog knows. */
export class CatalogDirectory implements MembershipDirectory, OwnerDirectory {
  readonly #catalog: CatalogService;
  readonly #auth: AuthService;
  readonly #memberships = new SharedAnswers<Memberships>();

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
    return this.#memberships.get(userRef, () => this.#ask(userRef), options);
  }

  #ask(userRef: string): Promise<Memberships> {
    return this.#look(userRef).catch(error => {
      throw new ServiceUnavailableError(
        `the catalog could not be asked for the groups of ${userRef}`,
        error,
      );
    });
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
