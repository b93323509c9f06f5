import {
  catalogConditions,
  createCatalogConditionalDecision,
} from '@backstage/plugin-catalog-backend/alpha';
import {
  AuthorizeResult,
  isResourcePermission,
  PermissionCondition,
  PermissionCriteria,
  PolicyDecision,
} from '@backstage/plugin-permission-common';
import type {
  PermissionPolicy,
  PolicyQuery,
  PolicyQueryUser,
} from '@backstage/plugin-permission-node';

type Criteria = PermissionCriteria<PermissionCondition<'catalog-entity'>>;

const PERMISSIVE: PermissionPolicy = {
  handle: async () => ({ result: AuthorizeResult.ALLOW }),
};

/**
 * Hides restricted assets in the catalog from everybody but their owners: those
 * that are declared in a repository stand there whatever their declaration says.
 * Everything else is for another policy, which has the last word on what is not
 * hidden; without one it is allowed. What may be done with assets themselves is
 * decided by the asset manager, whose permissions are allowed here.
 *
 * @public
 */
export class AssetManagerPolicy implements PermissionPolicy {
  readonly #otherwise: PermissionPolicy;

  constructor(options: { otherwise?: PermissionPolicy } = {}) {
    this.#otherwise = options.otherwise ?? PERMISSIVE;
  }

  async handle(
    request: PolicyQuery,
    user?: PolicyQueryUser,
  ): Promise<PolicyDecision> {
    const decision = await this.#otherwise.handle(request, user);
    const { permission } = request;
    if (
      !isResourcePermission(permission, 'catalog-entity') ||
      decision.result === AuthorizeResult.DENY
    )
      return decision;
    const isShown: Criteria = {
      anyOf: [
        { not: catalogConditions.isEntityKind({ kinds: ['asset'] }) },
        {
          not: catalogConditions.hasSpec({
            key: 'visibility',
            value: 'restricted',
          }),
        },
        catalogConditions.isEntityOwner({
          claims: user?.info.ownershipEntityRefs ?? [],
        }),
      ],
    };
    return createCatalogConditionalDecision(
      permission,
      decision.result === AuthorizeResult.CONDITIONAL
        ? { allOf: [decision.conditions as Criteria, isShown] }
        : isShown,
    );
  }
}
