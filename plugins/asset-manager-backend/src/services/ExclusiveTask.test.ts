import { TestDatabases } from '@backstage/backend-test-utils';
import { DatabaseRepository } from '../database/DatabaseRepository';
import { ExclusiveTask } from './ExclusiveTask';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

describe.each(databases.eachSupportedId())('an exclusive task on %p', id => {
  let repository: DatabaseRepository;
  let now = Date.parse('2026-11-25T12:00:00.000Z');
  const never = new AbortController().signal;

  beforeEach(async () => {
    const knex = await databases.init(id);
    repository = await DatabaseRepository.create({
      database: { getClient: async () => knex },
    });
  });

  const task = (holder: string, work: (signal: AbortSignal) => Promise<void>) =>
    new ExclusiveTask({
      leases: repository.leases,
      name: 'collect',
      holder,
      now: () => new Date(now).toISOString(),
      work,
    });

  it('is done by one of ten processes that begin at once', async () => {
    let running = 0;
    let most = 0;
    let done = 0;
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        task(`process-${index}`, async () => {
          most = Math.max(most, ++running);
          await new Promise(resolve => {
            setTimeout(resolve, 200);
          });
          running--;
          done++;
        }).run(never),
      ),
    );
    expect({ most, done }).toEqual({ most: 1, done: 1 });
  });

  it('is free again when the work has ended, or failed', async () => {
    await expect(
      task('one', async () => {
        throw new Error('it failed');
      }).run(never),
    ).rejects.toThrow('it failed');
    let done = false;
    await task('two', async () => {
      done = true;
    }).run(never);
    expect(done).toBe(true);
  });

  it('is taken over from a process that died, and not before its lease is over', async () => {
    let taken = 0;
    const successor = task('successor', async () => {
      taken++;
    });
    await repository.leases.take({
      name: 'collect',
      holder: 'dead',
      now: new Date(now).toISOString(),
      until: new Date(now + 30_000).toISOString(),
    });
    await successor.run(never);
    expect(taken).toBe(0);
    now += 31_000;
    await successor.run(never);
    expect(taken).toBe(1);
  });
});
