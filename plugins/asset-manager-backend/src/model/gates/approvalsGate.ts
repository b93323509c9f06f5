import type { JsonObject } from '@backstage/types';
import type {
  ApprovalFact,
  GateKind,
} from '@baseasset/backstage-plugin-asset-manager-node';
import { REFERENCES } from './references';

export interface ApprovalOptions extends JsonObject {
  count?: number;
  from?: string[];
  meaning?: string;
}

/** What a yes means where the rules don't say. */
export const PLAIN_MEANING = 'I approve this transition';

/** Whether a person is one of those whose yes a gate counts, whoever made the version. */
export function mayGive(
  { from }: ApprovalOptions,
  person: Pick<ApprovalFact, 'memberOf' | 'roles'>,
): boolean {
  return from === undefined
    ? person.roles.includes('approver')
    : from.some(ref => person.memberOf.includes(ref));
}

/** Enough people of some groups, or with the role of an approver, said yes: each once, and none who made it. */
export const approvalsGate: GateKind = {
  options: {
    properties: {
      count: { type: 'integer', minimum: 1, maximum: 20 },
      from: REFERENCES,
      meaning: { type: 'string', minLength: 1, maxLength: 500 },
    },
  },
  judge(options: ApprovalOptions, { approvals }) {
    const { count = 1, from } = options;
    const people = new Set(
      approvals
        .filter(each => each.barred === undefined && mayGive(options, each))
        .map(each => each.by),
    );
    const evidence = { approvedBy: [...people].sort(), of: count };
    if (people.size >= count)
      return {
        state: 'passed',
        message: `approved by ${[...people].sort().join(', ')}`,
        evidence,
      };
    return {
      state: 'waiting',
      message: `${people.size} of ${count} approvals by ${
        from ? from.join(' or ') : 'approvers'
      }`,
      evidence,
    };
  },
};
