/** Twenty histories of faults by fixed seeds; `npm run test:faults` runs more. */
import { after, before, describe, it } from 'node:test';
import { personAt } from './support.mjs';
import { assertNothingIsLeft, History } from './faults/history.mjs';
import { IMPATIENT, Replicas } from './faults/Replicas.mjs';

const ROUNDS = 20;

const replicas = await Replicas.start();
const { missing } = replicas;
if (missing) console.error(`SKIPPED: the histories of faults: ${missing}`);

describe('two backends on one PostgreSQL', { skip: missing }, () => {
  let people;

  before(async () => {
    people = {
      maya: personAt(replicas, 'maya', IMPATIENT),
      otto: personAt(replicas, 'otto', IMPATIENT),
    };
    await people.maya.signIn();
    await people.otto.signIn();
  });

  after(() => replicas.close?.());

  for (let seed = 1; seed <= ROUNDS; seed++) {
    it(`lose nothing in history ${seed}`, async t => {
      const history = new History(seed, { replicas, people });
      try {
        await history.run();
      } finally {
        for (const line of history.lines) t.diagnostic(line);
      }
    });
  }

  it('leave nothing behind', () => assertNothingIsLeft(replicas, people));
});
