/** Two power cuts by fixed seeds; `npm run test:faults` has more. */
import { describe, it } from 'node:test';
import { PowerCut, whyNoPowerCuts } from './faults/PowerCut.mjs';

const ROUNDS = 2;

const missing = whyNoPowerCuts();
if (missing) console.error(`SKIPPED: power cuts: ${missing}`);

describe('a portal whose machine loses its power', { skip: missing }, () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    it(`loses nothing at moment ${seed}`, async t => {
      const cut = new PowerCut(seed);
      try {
        await cut.run();
      } finally {
        for (const line of cut.lines) t.diagnostic(line);
      }
    });
  }
});
