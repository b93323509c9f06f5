import type {
  CreateGrantRequest,
  Grant,
  Role,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { UsageError } from './exit';

/** What a file says of a scope: exactly these grants. */
export interface WantedScope {
  /** As the API writes it. */
  scope: string;
  grants: CreateGrantRequest[];
}

const KEYS = ['role', 'deny', 'principal', 'until', 'reason'];

/** `team` and `group:team` as `group:default/team`, in lower case. */
export function normalPrincipal(text: string): string {
  const [, kind = 'group', namespace = 'default', name] =
    /^(?:([a-z]+):)?(?:([^/]+)\/)?([^/:]+)$/i.exec(text) ?? [];
  if (name === undefined)
    throw new UsageError(`${JSON.stringify(text)} is nobody's name`);
  return `${kind}:${namespace}/${name}`.toLocaleLowerCase('en-US');
}

function readTime(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const time = value instanceof Date ? value : new Date(String(value));
  if (Number.isNaN(time.getTime()))
    throw new UsageError(`${JSON.stringify(value)} is no time, in ISO 8601`);
  return time.toISOString();
}

/**
 * Reads the document of an access file.
 *
 * @param readScope - `models/basecaller` and the like as the API writes it
 * @param roles - that there are
 * @throws UsageError that names what is wrong
 */
export function readAccessFile(
  document: unknown,
  options: {
    readScope: (text: string) => string;
    roles: readonly Role[];
  },
): WantedScope[] {
  const { scopes } = (document ?? {}) as { scopes?: unknown };
  if (scopes === null || typeof scopes !== 'object' || Array.isArray(scopes))
    throw new UsageError('the file has to have scopes, each with its grants');
  return Object.entries(scopes as object).map(([text, list]) => {
    const scope = options.readScope(text);
    // A value that was forgotten must not end every grant.
    if (!Array.isArray(list))
      throw new UsageError(
        `${text} has to have a list of grants; to end all of them, write []`,
      );
    const grants = (list as unknown[]).map(entry => {
      const said = (entry ?? {}) as Record<string, unknown>;
      const strange = Object.keys(said).find(key => !KEYS.includes(key));
      if (strange !== undefined)
        throw new UsageError(
          `a grant of ${text} says ${JSON.stringify(
            strange,
          )}; it may say ${KEYS.join(', ')}`,
        );
      const role = options.roles.find(
        each => each === (said.deny ?? said.role),
      );
      if (!role || (said.deny !== undefined && said.role !== undefined))
        throw new UsageError(
          `a grant of ${text} has to say role or deny, with one of ${options.roles.join(
            ', ',
          )}`,
        );
      return {
        scope,
        role,
        effect: said.deny === undefined ? 'allow' : 'deny',
        principal: normalPrincipal(String(said.principal ?? '')),
        expiresAt: readTime(said.until),
        reason: said.reason === undefined ? undefined : String(said.reason),
      } as const;
    });
    return { scope, grants };
  });
}

/** What has to be done so that a scope has the wanted grants and no others. */
export interface GrantPlan {
  create: CreateGrantRequest[];
  end: Grant[];
}

const same = (wanted: CreateGrantRequest, grant: Grant) =>
  wanted.role === grant.role &&
  wanted.effect === grant.effect &&
  wanted.principal === grant.principal &&
  wanted.expiresAt === grant.expiresAt &&
  wanted.reason === grant.reason;

/** @param standing - grants that hold at the scope; those of wider ones are left alone */
export function planGrants(
  { scope, grants }: WantedScope,
  standing: readonly Grant[],
): GrantPlan {
  const own = standing.filter(grant => grant.scope === scope);
  return {
    create: grants
      .filter(wanted => !own.some(grant => same(wanted, grant)))
      // What is denied first: nobody gets more for a moment than in the end.
      .sort(
        (a, b) => Number(b.effect === 'deny') - Number(a.effect === 'deny'),
      ),
    end: own.filter(grant => !grants.some(wanted => same(wanted, grant))),
  };
}
