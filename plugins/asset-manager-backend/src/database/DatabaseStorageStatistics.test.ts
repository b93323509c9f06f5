import { mockServices, TestDatabases } from '@backstage/backend-test-utils';
import { Installation } from '../__testUtils__/Installation';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

describe.each(databases.eachSupportedId())('statistics on %p', id => {
  let here: Installation;

  beforeEach(async () => {
    here = await Installation.create(
      await databases.init(id),
      mockServices.logger.mock(),
    );
  });

  afterEach(() => here.remove());

  it('remember what was stored on each day, as it was looked at last', async () => {
    const { storage } = here.repository;
    await here.arrive('1234');
    await storage.sample('2026-11-24');
    await here.arrive('12345');
    await here.arrive('1234', 'other');
    await storage.sample('2026-11-25');
    await here.arrive('123456');
    await storage.sample('2026-11-25');
    expect((await storage.report()).trend).toEqual([
      { day: '2026-11-24', store: 'local', storedBytes: 4 },
      { day: '2026-11-25', store: 'local', storedBytes: 15 },
      { day: '2026-11-25', store: 'other', storedBytes: 4 },
    ]);
  });

  it('count the bytes of a file once per asset, wherever it stands', async () => {
    const { storage } = here.repository;
    await here.arrive('1234');
    await here.arrive('1234', 'other');
    await here.arrivePacked(['12', '123']);
    expect(await storage.heldBytes('default')).toBe(9);
    expect(await storage.heldBytes('elsewhere')).toBe(0);
  });
});
