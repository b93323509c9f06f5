import type { JsonObject } from '@backstage/types';
import type { GateKind } from '@baseasset/backstage-plugin-asset-manager-node';
import { PERIOD, periodMs } from '../period';
import { REFERENCES } from './references';

interface Options extends JsonObject {
  check: string;
  maxAge?: string;
  by?: string[];
}

/** The last check of a name, of those whose word counts, passed and is not too old. */
export const checkGate: GateKind = {
  options: {
    properties: {
      check: { type: 'string', minLength: 1, maxLength: 100 },
      maxAge: PERIOD,
      by: REFERENCES,
    },
    required: ['check'],
  },
  judge({ check: name, maxAge, by }: Options, { checks, now }) {
    const last = checks.find(
      check =>
        check.name === name &&
        (by === undefined || by.some(ref => check.memberOf.includes(ref))),
    );
    if (!last)
      return {
        state: 'waiting',
        message: `the check '${name}' is not recorded${
          by ? ` by ${by.join(' or ')}` : ''
        }`,
      };
    const evidence = { check: name, at: last.at, by: last.by };
    if (last.status !== 'passed')
      return {
        state: 'failed',
        message: `the check '${name}' failed${
          last.summary ? `: ${last.summary}` : ''
        }`,
        evidence,
      };
    const age = Date.parse(now) - Date.parse(last.at);
    if (maxAge !== undefined && age > periodMs(maxAge))
      return {
        state: 'waiting',
        message: `the check '${name}' passed on ${last.at.slice(
          0,
          10,
        )}, and may not be older than ${maxAge}`,
        evidence,
      };
    return {
      state: 'passed',
      message: `the check '${name}' passed${
        last.summary ? `: ${last.summary}` : ''
      }`,
      evidence,
    };
  },
};
