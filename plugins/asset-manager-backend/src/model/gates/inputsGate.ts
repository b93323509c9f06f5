import type { JsonObject } from '@backstage/types';
import type { GateKind } from '@baseasset/backstage-plugin-asset-manager-node';
import { REFERENCES } from './references';

interface Options extends JsonObject {
  stages: string[];
  roles?: string[];
  atLeast?: number;
  by?: string[];
}

const NAMES = (maxLength: number) => ({
  type: 'array',
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
  items: { type: 'string', minLength: 1, maxLength },
});

/**
 * Everything that the version was made of stands in one of some stages, and neither
 * was retracted nor deleted. Nothing recorded is not a pass. What it says names and
 * counts no input, which the reader may not be allowed to see.
 */
export const inputsGate: GateKind = {
  options: {
    properties: {
      stages: NAMES(128),
      roles: NAMES(63),
      atLeast: { type: 'integer', minimum: 1, maximum: 1000 },
      by: REFERENCES,
    },
    required: ['stages'],
  },
  judge({ stages, roles, atLeast = 1, by }: Options, { inputs }) {
    const asked = inputs.filter(
      input =>
        (roles === undefined || roles.includes(input.role)) &&
        (by === undefined || by.some(ref => input.memberOf.includes(ref))),
    );
    const what = roles ? `inputs for ${roles.join(' or ')}` : 'inputs';
    const whose = by ? ` by ${by.join(' or ')}` : '';
    const versions = new Set(
      asked.map(
        ({ namespace, name, digest }) => `${namespace}/${name}@${digest}`,
      ),
    );
    if (versions.size < atLeast)
      return {
        state: 'waiting',
        message: `${
          atLeast === 1 ? 'no' : `less than ${atLeast}`
        } ${what} are recorded${whose}`,
      };
    const isFit = asked.every(
      input =>
        stages.includes(input.stage) && !input.retracted && !input.deleted,
    );
    const where = stages.join(' or ');
    return isFit
      ? { state: 'passed', message: `its ${what} stand in ${where}` }
      : {
          state: 'waiting',
          message: `not all of its ${what} stand in ${where}, or one was retracted or deleted`,
        };
  },
};
