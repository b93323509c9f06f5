import type {
  BackstageCredentials,
  PermissionsRegistryService,
  PermissionsService,
} from '@backstage/backend-plugin-api';
import { ServiceUnavailableError } from '@backstage/errors';
import { AuthorizeResult } from '@backstage/plugin-permission-common';
import {
  ConditionTransformer,
  createConditionTransformer,
} from '@backstage/plugin-permission-node';
import {
  parseReference,
  Verb,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  AssetFilter,
  assetPermissions,
  AssetResource,
  assetResourceRef,
  assetRules,
  RESOURCE_TYPE_ASSET,
} from '@baseasset/backstage-plugin-asset-manager-node';
import type { AssetCriteria, Policy } from '../model/policy';
import type { AssetStore } from '../services/ports';
import { SharedAnswers } from '../services/SharedAnswers';

/**
 * What the portal's permission policy says of the asset manager's verbs. All are
 * asked for in one request, with their conditions, which are met here.
 */
export class PortalPolicy {
  /** Tells the permission framework of the permissions, the rules and the resources. */
  static register(options: {
    permissions: PermissionsService;
    registry: PermissionsRegistryService;
    assets: AssetStore;
  }): PortalPolicy {
    const { permissions, registry, assets } = options;
    registry.addResourceType({
      resourceRef: assetResourceRef,
      permissions: [...assetPermissions],
      rules: Object.values(assetRules),
      getResources: refs =>
        Promise.all(refs.map(ref => loadResource(assets, ref))),
    });
    // Modules may have added rules of their own.
    return new PortalPolicy(permissions, () =>
      createConditionTransformer(
        registry.getPermissionRuleset(assetResourceRef),
      ),
    );
  }

  readonly #permissions: PermissionsService;
  readonly #transformer: () => ConditionTransformer<AssetFilter>;
  readonly #policies = new SharedAnswers<Policy>();

  private constructor(
    permissions: PermissionsService,
    transformer: () => ConditionTransformer<AssetFilter>,
  ) {
    this.#permissions = permissions;
    this.#transformer = transformer;
  }

  /** @param options.fresh - asked anew; otherwise the answer may be some seconds old */
  for(
    subject: string,
    credentials: BackstageCredentials,
    options: { fresh: boolean },
  ): Promise<Policy> {
    return this.#policies.get(subject, () => this.#ask(credentials), options);
  }

  async #ask(credentials: BackstageCredentials): Promise<Policy> {
    const decisions = await this.#permissions
      .authorizeConditional(
        assetPermissions.map(permission => ({ permission })),
        { credentials },
      )
      .catch(error => {
        throw new ServiceUnavailableError(
          "the portal's permission policy could not be asked",
          error,
        );
      });
    const policy: Partial<Record<Verb, boolean | AssetCriteria>> = {};
    for (const [index, permission] of assetPermissions.entries()) {
      const decision = decisions[index];
      let answer: boolean | AssetCriteria;
      if (decision.result !== AuthorizeResult.CONDITIONAL)
        answer = decision.result === AuthorizeResult.ALLOW;
      // An answer about something else is none.
      else if (decision.resourceType !== RESOURCE_TYPE_ASSET) answer = false;
      else answer = this.#transformer()(decision.conditions) as AssetCriteria;
      policy[permission.name as Verb] = answer;
    }
    return policy as Policy;
  }
}

/** `genomes/lambda`, or `genomes/lambda#champion` where it is about an alias. */
async function loadResource(
  assets: AssetStore,
  ref: string,
): Promise<AssetResource | undefined> {
  const [text, alias] = ref.split('#');
  let name;
  try {
    name = parseReference(text);
  } catch {
    return undefined;
  }
  const asset = await assets.find(name, 'everything');
  return asset && !asset.deletion ? { ...asset, alias } : undefined;
}
