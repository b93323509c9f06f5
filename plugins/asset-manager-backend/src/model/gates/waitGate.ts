import type { JsonObject } from '@backstage/types';
import type { GateKind } from '@baseasset/backstage-plugin-asset-manager-node';
import { PERIOD, periodMs } from '../period';

interface Options extends JsonObject {
  for: string;
  since?: 'request' | 'stage';
}

/** Some time has passed since it was asked for, or since the version came to where it stands. */
export const waitGate: GateKind = {
  options: {
    properties: {
      for: PERIOD,
      since: { enum: ['request', 'stage'] },
    },
    required: ['for'],
  },
  judge({ for: period, since = 'request' }: Options, facts) {
    const begin = since === 'stage' ? facts.since : facts.request?.at;
    if (begin === undefined)
      return {
        state: 'waiting',
        message: `${period} have to pass after it is asked for`,
      };
    const end = new Date(Date.parse(begin) + periodMs(period)).toISOString();
    return facts.now >= end
      ? { state: 'passed', message: `${period} have passed`, evidence: { end } }
      : {
          state: 'waiting',
          message: `not before ${end}: ${period} have to pass`,
          evidence: { end },
        };
  },
};
