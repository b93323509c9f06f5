import { createHash } from 'node:crypto';
import { TestDatabases } from '@backstage/backend-test-utils';
import {
  buildManifest,
  Digest,
  layOutPack,
  ManifestEntry,
  packHeader,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(60_000);

const MAYA = 'user:default/maya';
const TEAM = 'group:default/team-signal';

function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function entriesOf(files: Record<string, string>): ManifestEntry[] {
  return Object.entries(files).map(([name, text]) => ({
    path: name,
    size: Buffer.byteLength(text),
    digest: digestOf(text),
  }));
}

describe.each(databases.eachSupportedId())('the backend on %p', databaseId => {
  let portal: TestPortal;

  beforeAll(async () => {
    portal = await TestPortal.start({
      knex: await databases.init(databaseId),
      groups: [{ name: 'team-signal' }, { name: 'team-genome' }],
      people: { maya: ['team-signal'], otto: ['team-genome'] },
      configuration: {
        storage: { quotas: [{ namespace: 'small', size: '1KiB' }] },
        operators: [MAYA],
        uploads: { partSize: 1000 },
        serviceAccounts: [
          { subject: 'external:ci', groups: [TEAM] },
          { subject: 'external:reader', internal: true },
          { subject: 'external:other' },
        ],
      },
    });
  });

  afterAll(() => portal?.stop());

  type Caller = ReturnType<TestPortal['as']>;
  /** Asks as somebody, once the portal stands. */
  const call = (who: string): Caller => ({
    get: url => portal.as(who).get(url),
    put: url => portal.as(who).put(url),
    post: url => portal.as(who).post(url),
    patch: url => portal.as(who).patch(url),
    delete: url => portal.as(who).delete(url),
  });
  const maya = call('maya');
  const otto = call('otto');
  const catalog = call('plugin:catalog');

  async function create(name: string, more: object = {}) {
    const [namespace, short] = name.split('/');
    const answer = await maya
      .post('/assets')
      .send({ namespace, name: short, type: 'dataset', ...more });
    expect(answer.body).toMatchObject({ namespace, name: short });
    expect(answer.status).toBe(201);
    return answer.body;
  }

  async function send(name: string, files: Record<string, string>) {
    const built = buildManifest(entriesOf(files));
    const begun = await maya.post(`/assets/${name}/uploads`).send({
      digest: built.digest,
      fileCount: built.manifest.fileCount,
      size: built.manifest.size,
    });
    if (begun.body.state !== 'open') return { begun };
    const { id } = begun.body.upload;
    const byDigest = new Map(
      Object.values(files).map(text => [digestOf(text), text]),
    );
    const sent: string[] = [];
    for (const [position, page] of built.pages.entries()) {
      const answer = await maya
        .put(`/uploads/${id}/pages/${position}`)
        .type('json')
        .send(page);
      expect(answer.status).toBe(200);
      for (const { digest } of answer.body.missing) {
        const text = byDigest.get(digest) ?? '';
        sent.push(text);
        const put = await maya
          .put(`/uploads/${id}/blobs/${digest}`)
          .type('application/octet-stream')
          .send(Buffer.from(text));
        expect(put.status).toBe(204);
      }
    }
    return { begun, id, sent, digest: built.digest };
  }

  async function push(
    name: string,
    files: Record<string, string>,
    commit: object = {},
  ) {
    const { id } = await send(name, files);
    const answer = await maya.post(`/uploads/${id}/commit`).send(commit);
    expect([200, 201]).toContain(answer.status);
    return answer.body;
  }

  it('publishes what was pushed, and gives every byte back', async () => {
    await create('models/first', {
      type: 'ml-model',
      description: 'Calls bases',
    });
    const { version, created } = await push(
      'models/first',
      { 'README.md': '# Hello', 'weights/a.bin': 'aaaa' },
      { message: 'one', metadata: { epochs: 3 }, aliases: ['candidate'] },
    );
    expect(created).toBe(true);
    expect(version).toMatchObject({
      label: '1',
      sequence: 1,
      fileCount: 2,
      size: 11,
      message: 'one',
      metadata: { epochs: 3 },
      aliases: ['candidate'],
      latest: true,
      createdBy: MAYA,
    });
    const file = await otto
      .get('/assets/models/first/versions/candidate/files/weights/a.bin')
      .buffer(true);
    expect(file.status).toBe(200);
    expect(file.body.toString()).toBe('aaaa');
    expect(file.headers.etag).toBe(`"${digestOf('aaaa')}"`);
    expect(file.headers['cache-control']).toBe(
      'private, no-cache, no-transform',
    );
    const byLabel = await otto.get(
      '/assets/models/first/versions/1/files/README.md',
    );
    expect(byLabel.headers['cache-control']).toContain('immutable');
    expect(byLabel.headers['content-type']).toContain('text/markdown');
    const manifest = await otto.get(
      `/assets/models/first/versions/${version.digest}/manifest`,
    );
    expect(digestOf(manifest.text)).toBe(version.digest);
  });

  it('reads ranges, and says when one lies past the end', async () => {
    await create('models/ranges');
    await push('models/ranges', { 'ten.txt': '0123456789' });
    const url = '/assets/models/ranges/versions/1/files/ten.txt';
    const middle = await maya.get(url).set('Range', 'bytes=2-4');
    expect([middle.status, middle.text]).toEqual([206, '234']);
    expect(middle.headers['content-range']).toBe('bytes 2-4/10');
    const tail = await maya.get(url).set('Range', 'bytes=-3');
    expect([tail.status, tail.text]).toEqual([206, '789']);
    const past = await maya.get(url).set('Range', 'bytes=10-12');
    expect([past.status, past.headers['content-range']]).toEqual([
      416,
      'bytes */10',
    ]);
    const known = await maya
      .get(url)
      .set('If-None-Match', `"${digestOf('0123456789')}"`);
    expect(known.status).toBe(304);
  });

  it('lists files by what their paths begin with, page by page', async () => {
    await create('models/listed');
    await push('models/listed', {
      a: '1',
      'b/c': '2',
      'b/d': '3',
      'b-e': '4',
      z: '5',
    });
    const list = async (query: string) => {
      const answer = await maya.get(
        `/assets/models/listed/versions/1/files?${query}`,
      );
      return answer.body.items.map((file: { path: string }) => file.path);
    };
    expect(await list('')).toEqual(['a', 'b-e', 'b/c', 'b/d', 'z']);
    expect(await list('under=b/')).toEqual(['b/c', 'b/d']);
    expect(await list('under=a')).toEqual(['a']);
    expect(await list('under=nothing')).toEqual([]);
    expect(await list('under=b&limit=2')).toEqual(['b-e', 'b/c']);
    expect(await list('under=b&limit=2&cursor=b/c')).toEqual(['b/d']);
  });

  it('makes no second version of content that it holds, and refuses another label for it', async () => {
    await create('models/same');
    await push('models/same', { a: 'a' });
    const again = await send('models/same', { a: 'a' });
    expect(again.begun.status).toBe(200);
    expect(again.begun.body).toMatchObject({
      state: 'exists',
      version: { label: '1' },
    });
  });

  it('sends only what is missing, and links what stands in another readable asset', async () => {
    await create('models/source');
    await push('models/source', { shared: 'the same bytes', one: '1' });
    await create('models/linked');
    const { sent, id } = await send('models/linked', {
      'a/shared': 'the same bytes',
      two: 'new here',
    });
    expect(sent).toEqual(['new here']);
    await maya.post(`/uploads/${id}/commit`).send({});
    const file = await maya
      .get('/assets/models/linked/versions/latest/files/a/shared')
      .buffer(true);
    expect(file.body.toString()).toBe('the same bytes');
  });

  it('does not tell by an upload that a restricted asset holds the same bytes', async () => {
    await create('models/secret', { visibility: 'restricted' });
    await push('models/secret', { secret: 'only ours' });
    const own = await otto
      .post('/assets')
      .send({ namespace: 'models', name: 'probe', type: 'dataset' });
    expect(own.status).toBe(201);
    const built = buildManifest(entriesOf({ probe: 'only ours' }));
    const begun = await otto
      .post('/assets/models/probe/uploads')
      .send({ digest: built.digest, fileCount: 1, size: 9 });
    const page = await otto
      .put(`/uploads/${begun.body.upload.id}/pages/0`)
      .type('json')
      .send(built.pages[0]);
    expect(page.body.missing).toHaveLength(1);
  });

  it('takes a large blob in parts, in any order, and goes on where it stopped', async () => {
    await create('models/parts');
    const text = 'x'.repeat(999) + 'y'.repeat(1000) + 'z'.repeat(501);
    const built = buildManifest(entriesOf({ large: text }));
    const begin = () =>
      maya
        .post('/assets/models/parts/uploads')
        .send({ digest: built.digest, fileCount: 1, size: text.length });
    const { id } = (await begin()).body.upload;
    await maya.put(`/uploads/${id}/pages/0`).type('json').send(built.pages[0]);
    const digest = digestOf(text);
    const part = (number: number) =>
      maya
        .put(`/uploads/${id}/blobs/${digest}/parts/${number}`)
        .type('application/octet-stream')
        .send(Buffer.from(text.slice(number * 1000, (number + 1) * 1000)));
    expect((await part(2)).status).toBe(204);
    expect((await part(0)).status).toBe(204);
    const early = await maya
      .post(`/uploads/${id}/complete`)
      .send({ blobs: [{ digest, size: text.length }] });
    expect(early.status).toBe(409);
    const again = (await begin()).body.upload;
    expect(again).toMatchObject({ id, receivedPages: [0] });
    const page = await maya
      .put(`/uploads/${id}/pages/0`)
      .type('json')
      .send(built.pages[0]);
    expect(page.body.missing).toEqual([
      { digest, size: 2500, receivedParts: [0, 2] },
    ]);
    expect((await part(1)).status).toBe(204);
    const done = await maya
      .post(`/uploads/${id}/complete`)
      .send({ blobs: [{ digest, size: text.length }] });
    expect(done.status).toBe(204);
    const committed = await maya.post(`/uploads/${id}/commit`).send({});
    expect(committed.status).toBe(201);
  });

  describe('packs', () => {
    /** No asset links them from another one. */
    const textsOf = (name: string) => [
      `zero ${name}`,
      '',
      `two two ${name}`,
      name,
    ];
    const filesOf = (name: string) =>
      Object.fromEntries(
        textsOf(name).map((text, index) => [`data/${index}`, text]),
      );
    const packOf = (all: string[]) => {
      const { blobs } = layOutPack(
        all.map(text => ({ digest: digestOf(text), size: text.length })),
      );
      const bytes = packHeader(blobs) + all.join('');
      return { blobs, bytes, digest: digestOf(bytes) };
    };
    const begin = async (name: string, files: Record<string, string>) => {
      const built = buildManifest(entriesOf(files));
      const { fileCount, size } = built.manifest;
      const begun = await maya
        .post(`/assets/${name}/uploads`)
        .send({ digest: built.digest, fileCount, size });
      const { id } = begun.body.upload;
      const page = await maya
        .put(`/uploads/${id}/pages/0`)
        .type('json')
        .send(built.pages[0]);
      return { id, upload: begun.body.upload, missing: page.body.missing };
    };
    const put = (id: string, digest: string, bytes: string) =>
      maya
        .put(`/uploads/${id}/packs/${digest}`)
        .type('application/octet-stream')
        .send(Buffer.from(bytes));
    const pushPacked = async (name: string, files: Record<string, string>) => {
      const { id, missing } = await begin(name, files);
      const byDigest = new Map(
        Object.values(files).map(text => [digestOf(text), text]),
      );
      const pack = packOf(
        missing.map(({ digest }: { digest: Digest }) => byDigest.get(digest)),
      );
      expect((await put(id, pack.digest, pack.bytes)).status).toBe(204);
      const done = await maya.post(`/uploads/${id}/commit`).send({});
      expect(done.status).toBe(201);
      return pack;
    };
    it('bring many files in one request, and give each back by itself', async () => {
      const files = filesOf('packed');
      await create('models/packed');
      const { upload } = await begin('models/packed', files);
      expect(upload.packing).toEqual({
        blobSize: expect.any(Number),
        packSize: expect.any(Number),
      });
      await pushPacked('models/packed', files);
      for (const [file, text] of Object.entries(files)) {
        const read = await otto
          .get(`/assets/models/packed/versions/1/files/${file}`)
          .buffer(true);
        expect([read.status, read.body.toString()]).toEqual([200, text]);
      }
      const middle = await otto
        .get('/assets/models/packed/versions/1/files/data/2')
        .set('Range', 'bytes=4-6')
        .buffer(true);
      expect([middle.status, middle.body.toString()]).toEqual([206, 'two']);
    });

    it('are read by ranges that hold files of the asset and nothing else', async () => {
      await create('models/runs');
      const { blobs, digest, bytes } = await pushPacked(
        'models/runs',
        filesOf('runs'),
      );
      const placement = await otto.get(
        '/assets/models/runs/versions/1/manifest/pages/0/packs',
      );
      expect(placement.body.packs).toEqual([digest]);
      const offsets = new Map(
        blobs.map(blob => [blob.digest as string, blob.offset]),
      );
      expect(placement.body.entries).toEqual(
        // No bytes at all are linked from an asset that had them first.
        textsOf('runs')
          .map(text => text && [0, offsets.get(digestOf(text))])
          .map(place => place || null),
      );
      const { offset: start } = blobs[0];
      const read = (range: string) =>
        otto
          .get(`/assets/models/runs/packs/${digest}`)
          .set('Range', range)
          .buffer(true);
      const run = await read(`bytes=${start}-${bytes.length - 1}`);
      expect([run.status, run.body.toString()]).toEqual([
        206,
        bytes.slice(start),
      ]);
      expect((await read(`bytes=0-${bytes.length - 1}`)).status).toBe(404);
      expect((await read(`bytes=${start}-${bytes.length}`)).status).toBe(404);
      expect((await read('bytes=5-')).status).toBe(400);
      expect(
        (await otto.get(`/assets/models/runs/packs/${digest}`)).status,
      ).toBe(400);
    });

    it('show nothing of another asset whose blob is linked', async () => {
      await create('models/giver');
      const { digest, blobs } = await pushPacked('models/giver', {
        a: 'wanted by both',
        b: 'for givers alone',
      });
      await create('models/taker');
      const { missing, id } = await begin('models/taker', {
        c: 'wanted by both',
      });
      expect(missing).toEqual([]);
      await maya.post(`/uploads/${id}/commit`).send({});
      const file = await otto
        .get('/assets/models/taker/versions/1/files/c')
        .buffer(true);
      expect(file.body.toString()).toBe('wanted by both');
      const placement = await otto.get(
        '/assets/models/taker/versions/1/manifest/pages/0/packs',
      );
      expect(placement.body).toEqual({ packs: [], entries: [null] });
      const { offset } = blobs[0];
      const probe = await otto
        .get(`/assets/models/taker/packs/${digest}`)
        .set('Range', `bytes=${offset}-${offset + 3}`);
      expect(probe.status).toBe(404);
    });

    it('are taken only whole, with the bytes that they promise', async () => {
      await create('models/wrong');
      const { id } = await begin('models/wrong', filesOf('wrong'));
      const { blobs, bytes, digest } = packOf(textsOf('wrong'));
      const lie = `${packHeader(blobs)}ZERO wrongtwo two wrongwrong`;
      const refused = await put(id, digestOf(lie), lie);
      expect(refused.status).toBe(400);
      expect(refused.body.detail).toContain(digestOf('zero wrong'));
      expect((await put(id, digest, bytes.slice(0, -1))).status).toBe(400);
      expect((await put(id, digest, `${bytes}x`)).status).toBe(400);
      expect((await put(id, digestOf('other'), bytes)).status).toBe(400);
      expect((await put(id, digest, 'no pack at all')).status).toBe(400);
      const early = await maya.post(`/uploads/${id}/commit`).send({});
      expect(early.status).toBe(409);
      expect((await put(id, digest, bytes)).status).toBe(204);
      expect((await put(id, digest, bytes)).status).toBe(204);
      expect((await maya.post(`/uploads/${id}/commit`).send({})).status).toBe(
        201,
      );
    });

    it('are refused when they are too large, or meant for a bucket', async () => {
      await create('models/large');
      const { id } = await begin('models/large', filesOf('large'));
      const { digest, blobs } = packOf(textsOf('large'));
      const large = await put(id, digest, 'x'.repeat(5 * 1024 * 1024));
      expect(large.status).toBe(400);
      const direct = await maya
        .post(`/uploads/${id}/complete-pack`)
        .send({ digest, blobs: blobs.map(({ offset: _, ...blob }) => blob) });
      expect(direct.status).toBe(409);
    });
  });

  describe('quotas', () => {
    it('refuse what a namespace may not hold before its first byte', async () => {
      await create('small/asset');
      const first = 'a'.repeat(600);
      await push('small/asset', { first });
      const built = buildManifest(
        entriesOf({ first, second: 'b'.repeat(500) }),
      );
      const begun = await maya.post('/assets/small/asset/uploads').send({
        digest: built.digest,
        fileCount: built.manifest.fileCount,
        size: built.manifest.size,
      });
      const refused = await maya
        .put(`/uploads/${begun.body.upload.id}/pages/0`)
        .set('Content-Type', 'application/json')
        .send(built.pages[0]);
      expect([refused.status, refused.body.detail]).toEqual([
        409,
        expect.stringContaining(
          "'small' may hold 1.0 KiB and holds 600 B; this push needs 500 B more",
        ),
      ]);
      // What the asset holds already takes no more room.
      await push('small/asset', { first, again: first, more: 'c'.repeat(400) });
      const report = await maya.get('/storage');
      expect(report.status).toBe(200);
      expect(report.body.byNamespace).toContainEqual({
        namespace: 'small',
        assets: 1,
        heldBytes: 1000,
        quota: 1024,
      });
      expect((await otto.get('/storage')).status).toBe(403);
    });
  });

  describe('deletion', () => {
    const latest = async (name: string) =>
      (await otto.get(`/assets/${name}/versions/latest`)).body.label;

    it('takes the files of a version away, and gives them back', async () => {
      await create('models/gone');
      await push('models/gone', { a: 'first of gone' });
      await push('models/gone', { a: 'second of gone' });
      const url = '/assets/models/gone/versions/2';
      const deleted = await maya
        .put(`${url}/deletion`)
        .send({ reason: 'holds names of patients' });
      expect(deleted.status).toBe(200);
      expect(deleted.body.deletion).toMatchObject({
        by: MAYA,
        reason: 'holds names of patients',
        until: expect.any(String),
        final: false,
      });
      const days =
        (Date.parse(deleted.body.deletion.until) -
          Date.parse(deleted.body.deletion.at)) /
        86_400_000;
      expect(days).toBe(14);
      expect(await latest('models/gone')).toBe('1');
      const file = await otto.get(`${url}/files/a`);
      expect([file.status, file.body.detail]).toEqual([
        404,
        expect.stringContaining('asset undelete models/gone@2'),
      ]);
      expect((await otto.get(`${url}/manifest/pages/0/packs`)).status).toBe(
        404,
      );
      // What it was can still be told.
      expect((await otto.get(`${url}/manifest`)).status).toBe(200);
      expect((await otto.get(url)).body.deletion.by).toBe(MAYA);
      // Whoever did not hear the answer asks again.
      const repeated = await maya.put(`${url}/deletion`).send({});
      expect([repeated.status, repeated.body.deletion]).toEqual([
        200,
        deleted.body.deletion,
      ]);

      const again = await send('models/gone', { a: 'second of gone' });
      expect(again.begun.status).toBe(409);
      expect(again.begun.body.detail).toContain('asset undelete');
      const third = await push('models/gone', { a: 'third of gone' });
      expect(third.version.label).toBe('3');

      expect((await otto.delete(`${url}/deletion`)).status).toBe(403);
      const back = await maya.delete(`${url}/deletion`);
      expect([back.status, back.body.deletion]).toEqual([200, undefined]);
      const read = await otto.get(`${url}/files/a`).buffer(true);
      expect(read.body.toString()).toBe('second of gone');
      expect((await maya.delete(`${url}/deletion`)).status).toBe(409);
    });

    it('leaves a version alone that an alias points to, and points none to a deleted one', async () => {
      await create('models/pinned');
      await push('models/pinned', { a: 'one' }, { aliases: ['champion'] });
      await push('models/pinned', { a: 'two' });
      const url = '/assets/models/pinned/versions/1/deletion';
      const refused = await maya.put(url).send({});
      expect(refused.status).toBe(409);
      expect(refused.body.detail).toContain('champion');
      await maya
        .put('/assets/models/pinned/aliases/champion')
        .send({ version: '2' });
      expect((await maya.put(url).send({})).status).toBe(200);
      const moved = await maya
        .put('/assets/models/pinned/aliases/champion')
        .send({ version: '1' });
      expect(moved.status).toBe(409);
      expect((await otto.put(url).send({})).status).toBe(403);
    });

    it('takes an asset from everybody, and gives it back to its owners alone', async () => {
      await create('models/lost', { title: 'Lost' });
      await push('models/lost', { a: 'lost bytes' });
      const { id } = await send('models/lost', { a: 'on their way' });
      const before = (await catalog.get('/changes?limit=1000')).body.after;
      expect(
        (await otto.put('/assets/models/lost/deletion').send({})).status,
      ).toBe(403);
      const deleted = await maya
        .put('/assets/models/lost/deletion')
        .send({ reason: 'a mistake' });
      expect(deleted.body).toMatchObject({
        name: 'lost',
        title: 'Lost',
        versionCount: 1,
        deletion: { reason: 'a mistake', final: false },
      });
      for (const who of [maya, otto]) {
        expect((await who.get('/assets/models/lost')).status).toBe(404);
        expect((await who.get('/assets?text=lost')).body.items).toEqual([]);
      }
      const gone = await catalog.get(`/changes?after=${before}`);
      expect(gone.body.items).toMatchObject([
        { kind: 'asset.hidden', name: 'lost' },
      ]);
      expect((await maya.post(`/uploads/${id}/commit`).send({})).status).toBe(
        404,
      );
      const taken = await maya
        .post('/assets')
        .send({ namespace: 'models', name: 'lost', type: 'dataset' });
      expect([taken.status, taken.body.detail]).toEqual([
        409,
        expect.stringContaining('asset undelete models/lost'),
      ]);
      // Its bytes are linked by nobody.
      const probe = await otto
        .post('/assets')
        .send({ namespace: 'models', name: 'lostprobe', type: 'dataset' });
      expect(probe.status).toBe(201);
      const built = buildManifest(entriesOf({ probe: 'lost bytes' }));
      const begun = await otto
        .post('/assets/models/lostprobe/uploads')
        .send({ digest: built.digest, fileCount: 1, size: 10 });
      const page = await otto
        .put(`/uploads/${begun.body.upload.id}/pages/0`)
        .type('json')
        .send(built.pages[0]);
      expect(page.body.missing).toHaveLength(1);

      expect((await otto.get('/deleted-assets')).body.items).toEqual([]);
      expect((await maya.get('/deleted-assets')).body.items).toMatchObject([
        { name: 'lost' },
      ]);
      expect((await otto.delete('/assets/models/lost/deletion')).status).toBe(
        404,
      );
      const back = await maya.delete('/assets/models/lost/deletion');
      expect([back.status, back.body.versionCount]).toEqual([200, 1]);
      expect((await otto.get('/assets/models/lost')).status).toBe(200);
      expect(
        (await catalog.get(`/changes?after=${before}`)).body.items.map(
          ({ kind }: { kind: string }) => kind,
        ),
      ).toContain('asset.undeleted');
      expect((await maya.delete('/assets/models/lost/deletion')).status).toBe(
        409,
      );
    });

    it('tells no service of a restricted asset that is deleted', async () => {
      await create('models/quiet', { visibility: 'restricted' });
      const before = (await catalog.get('/changes?limit=1000')).body.after;
      await maya.put('/assets/models/quiet/deletion').send({});
      const seen = await catalog.get(`/changes?after=${before}`);
      expect(seen.body.items).toEqual([]);
    });
  });

  it('refuses a commit while bytes are missing, and a blob that is not what it says', async () => {
    await create('models/early');
    const built = buildManifest(entriesOf({ early: 'early' }));
    const begun = await maya
      .post('/assets/models/early/uploads')
      .send({ digest: built.digest, fileCount: 1, size: 5 });
    const { id } = begun.body.upload;
    const none = await maya.post(`/uploads/${id}/commit`).send({});
    expect(none.status).toBe(409);
    expect(none.body.detail).toContain('0 of the 1 files');
    await maya.put(`/uploads/${id}/pages/0`).type('json').send(built.pages[0]);
    const noBytes = await maya.post(`/uploads/${id}/commit`).send({});
    expect(noBytes.status).toBe(409);
    expect(noBytes.body.detail).toContain('have not arrived');
    const wrong = await maya
      .put(`/uploads/${id}/blobs/${digestOf('early')}`)
      .type('application/octet-stream')
      .send(Buffer.from('b'));
    expect(wrong.status).toBe(400);
    const foreign = await otto.get(`/uploads/${id}`);
    expect(foreign.status).toBe(404);
  });

  it('names the field that is wrong', async () => {
    const unknownType = await maya
      .post('/assets')
      .send({ namespace: 'a', name: 'b', type: 'poem' });
    expect(unknownType.status).toBe(400);
    expect(unknownType.body.errors[0].field).toBe('type');
    expect(unknownType.body.detail).toContain('ml-model');
    const badName = await maya
      .post('/assets')
      .send({ namespace: 'a', name: '-b', type: 'dataset' });
    expect(badName.body.errors[0].field).toBe('name');
    const extra = await maya
      .post('/assets')
      .send({ namespace: 'a', name: 'b', type: 'dataset', colour: 'red' });
    expect(extra.status).toBe(400);
    const limit = await maya.get('/assets?limit=100000');
    expect(limit.status).toBe(400);
    expect(limit.body.errors[0].field).toBe('limit');
  });

  it('answers a create with a key once', async () => {
    const body = { namespace: 'keys', name: 'once', type: 'dataset' };
    const first = await maya
      .post('/assets')
      .set('Idempotency-Key', 'k1')
      .send(body);
    const second = await maya
      .post('/assets')
      .set('Idempotency-Key', 'k1')
      .send(body);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    const other = await maya
      .post('/assets')
      .set('Idempotency-Key', 'k1')
      .send({ ...body, name: 'two' });
    expect(other.status).toBe(400);
    const without = await maya.post('/assets').send({ ...body, name: 'ONCE' });
    expect(without.status).toBe(409);
  });

  it('lets owners alone change, and shows restricted assets to nobody else', async () => {
    await create('access/internal');
    const edit = await otto
      .patch('/assets/access/internal')
      .send({ title: 'mine' });
    expect(edit.status).toBe(403);
    expect(edit.body.detail).toContain('group:default/team-signal');
    const before = (await catalog.get('/changes?limit=1000')).body.after;
    const hide = await maya
      .patch('/assets/access/internal')
      .send({ visibility: 'restricted' });
    expect(hide.status).toBe(200);
    const hidden = await otto.get('/assets/access/internal');
    const missing = await otto.get('/assets/access/missing1');
    expect([hidden.status, missing.status]).toEqual([404, 404]);
    expect(hidden.body.detail.replace('internal', 'X')).toBe(
      missing.body.detail.replace('missing1', 'X'),
    );
    const list = await otto.get('/assets?namespace=access');
    expect(list.body.items).toEqual([]);
    const feed = await catalog.get(`/changes?after=${before}`);
    expect(
      feed.body.items.map((change: { kind: string }) => change.kind),
    ).toEqual(['asset.hidden']);
  });

  it('gives an asset to a group that exists, and to no other', async () => {
    await create('access/given');
    const nobody = await maya
      .patch('/assets/access/given')
      .send({ owner: 'nobody' });
    expect(nobody.status).toBe(400);
    expect(nobody.body.errors[0].field).toBe('owner');
    const given = await maya
      .patch('/assets/access/given')
      .send({ owner: 'team-genome' });
    expect(given.body.owner).toBe('group:default/team-genome');
    const found = await otto.get('/assets?namespace=access&owner=team-genome');
    expect(found.body.items.map((item: { name: string }) => item.name)).toEqual(
      ['given'],
    );
  });

  it('shows nothing of the past of an asset that became restricted', async () => {
    await create('past/hidden');
    await push('past/hidden', { a: 'past' }, { label: 'telling' });
    await maya.patch('/assets/past/hidden').send({ visibility: 'restricted' });
    const seen = JSON.stringify((await otto.get('/changes?limit=1000')).body);
    expect(seen).not.toContain('telling');
    expect(seen).not.toContain('past');
    const own = JSON.stringify((await maya.get('/changes?limit=1000')).body);
    expect(own).toContain('telling');
  });

  it('links no bytes of a push that was never finished', async () => {
    await create('unfinished/source');
    await push('unfinished/source', { fine: 'finished before' });
    await send('unfinished/source', { mistake: 'pushed by mistake' });
    await create('unfinished/other');
    const { sent } = await send('unfinished/other', {
      probe: 'pushed by mistake',
    });
    expect(sent).toEqual(['pushed by mistake']);
  });

  it('ends the upload of somebody who lost the asset meanwhile', async () => {
    await create('lost/asset');
    const { id } = await send('lost/asset', { a: 'lost' });
    await maya.patch('/assets/lost/asset').send({ owner: 'team-genome' });
    const commit = await maya.post(`/uploads/${id}/commit`).send({});
    expect([403, 404]).toContain(commit.status);
    expect((await maya.get(`/uploads/${id}`)).status).toBe(404);
    expect((await otto.get('/assets/lost/asset')).body.versionCount).toBe(0);
  });

  it('refuses a size that is not that of the files', async () => {
    await create('sizes/wrong');
    const built = buildManifest(entriesOf({ wrong: 'wrong size' }));
    const begun = await maya
      .post('/assets/sizes/wrong/uploads')
      .send({ digest: built.digest, fileCount: 1, size: 0 });
    const { id } = begun.body.upload;
    await maya.put(`/uploads/${id}/pages/0`).type('json').send(built.pages[0]);
    const commit = await maya.post(`/uploads/${id}/commit`).send({});
    expect(commit.status).toBe(400);
    expect(commit.body.errors[0].field).toBe('size');
  });

  it('lets a service do what its groups may, and see what its account says', async () => {
    const ci = call('external:ci');
    const other = call('external:other');
    const reader = call('external:reader');
    const stranger = call('plugin:search');
    const body = { namespace: 'services', name: 'built', type: 'dataset' };
    expect((await other.post('/assets').send(body)).status).toBe(400);
    expect(
      (await other.post('/assets').send({ ...body, owner: TEAM })).status,
    ).toBe(403);
    const built = await ci.post('/assets').send(body);
    expect(built.body).toMatchObject({
      owner: TEAM,
      createdBy: 'external:ci',
    });
    const statuses = async () =>
      Promise.all(
        [ci, reader, other, stranger].map(
          async each => (await each.get('/assets/services/built')).status,
        ),
      );
    const show = (visibility: string) =>
      ci.patch('/assets/services/built').send({ visibility });
    expect(await statuses()).toEqual([200, 200, 404, 403]);
    await show('public');
    expect(await statuses()).toEqual([200, 200, 200, 403]);
    await show('restricted');
    expect(await statuses()).toEqual([200, 404, 404, 403]);
  });

  it('finds somebody faster by the etag', async () => {
    const asset = await create('access/etag');
    const first = await maya
      .patch('/assets/access/etag')
      .set('If-Match', asset.etag)
      .send({ title: 'a' });
    expect(first.status).toBe(200);
    const second = await maya
      .patch('/assets/access/etag')
      .set('If-Match', asset.etag)
      .send({ title: 'b' });
    expect(second.status).toBe(409);
  });

  it('moves aliases, remembers where they stood, and keeps one space of names', async () => {
    await create('alias/one');
    await push('alias/one', { a: '1' });
    await push('alias/one', { a: '2' }, { label: '2.0' });
    const set = (alias: string, body: object) =>
      maya.put(`/assets/alias/one/aliases/${alias}`).send(body);
    expect((await set('champion', { version: '1' })).body).toMatchObject({
      name: 'champion',
      to: '1',
    });
    expect(
      (await set('champion', { version: '2.0', expected: '1' })).body,
    ).toMatchObject({ from: '1', to: '2.0' });
    expect(
      (await set('champion', { version: '1', expected: '1' })).status,
    ).toBe(409);
    expect((await set('1', { version: '1' })).status).toBe(409);
    expect((await set('archived', { version: '1' })).status).toBe(400);
    expect((await set('latest', { version: '1' })).status).toBe(400);
    expect(
      (await maya.delete('/assets/alias/one/aliases/champion')).body,
    ).toMatchObject({ from: '2.0' });
    const moves = await maya.get(
      '/assets/alias/one/alias-moves?alias=champion',
    );
    expect(
      moves.body.items.map((move: { from?: string; to?: string }) => [
        move.from,
        move.to,
      ]),
    ).toEqual([
      ['2.0', undefined],
      ['1', '2.0'],
      [undefined, '1'],
    ]);
    const taken = await send('alias/one', { a: '3' });
    expect(
      (await maya.post(`/uploads/${taken.id}/commit`).send({ label: '2.0' }))
        .status,
    ).toBe(409);
    expect(
      (
        await maya
          .post(`/uploads/${taken.id}/commit`)
          .send({ label: 'sha256:abcdefabcdef' })
      ).status,
    ).toBe(400);
  });

  it('compares versions, and finds a rename', async () => {
    await create('compare/one');
    await push('compare/one', {
      same: 's',
      gone: 'g',
      old: 'moved bytes',
      edited: '1',
    });
    const { version } = await push('compare/one', {
      same: 's',
      new: 'moved bytes',
      edited: '2',
      added: 'a',
    });
    expect(version.changes).toEqual({ added: 2, changed: 1, removed: 2 });
    const answer = await maya.get(
      '/comparison?from=compare/one@1&to=compare/one@2',
    );
    expect(answer.body.counts).toEqual({
      added: 1,
      changed: 1,
      removed: 1,
      renamed: 1,
      unchanged: 1,
    });
    expect(
      answer.body.changes.find(
        (change: { kind: string }) => change.kind === 'renamed',
      ),
    ).toMatchObject({
      path: 'new',
      fromPath: 'old',
    });
  });

  it('pages through lists without missing or repeating one', async () => {
    for (const number of [1, 2, 3, 4, 5]) {
      await create(`paged/a${number}`, {
        tags: number % 2 ? ['odd'] : ['even'],
      });
    }
    for (const sort of [
      'name',
      '-name',
      'updated',
      '-updated',
      'size',
      '-size',
    ]) {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await maya.get(
          `/assets?namespace=paged&limit=2&sort=${sort}${
            cursor ? `&cursor=${cursor}` : ''
          }`,
        );
        expect(page.status).toBe(200);
        names.push(
          ...page.body.items.map((item: { name: string }) => item.name),
        );
        cursor = page.body.nextCursor;
      } while (cursor);
      expect(names.sort()).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
    }
    const odd = await maya.get('/assets?namespace=paged&tag=odd');
    expect(odd.body.items).toHaveLength(3);
    const facets = await maya.get('/facets?namespace=paged');
    expect(facets.body.tag).toEqual([
      { value: 'odd', count: 3 },
      { value: 'even', count: 2 },
    ]);
    const words = await maya.get('/assets?text=paged%20A3');
    expect(words.body.items.map((item: { name: string }) => item.name)).toEqual(
      ['a3'],
    );
  });

  it('suggests the name that was meant', async () => {
    await create('models/basecaller');
    const typo = await maya.get('/assets/models/basecaler');
    expect(typo.status).toBe(404);
    expect(typo.body.suggestions).toEqual(['models/basecaller']);
  });

  it('lets the first declaration make an asset, and a later one wait for an owner', async () => {
    const card = {
      type: 'dataset',
      owner: 'group:default/team-signal',
      title: 'From Git',
    };
    const declare = (name: string, location: string, more: object = {}) =>
      catalog
        .put(`/assets/declared/${name}/declarations`)
        .send({ location, card: { ...card, ...more } });
    expect((await declare('fresh', 'url:repo-a')).body).toEqual({
      state: 'accepted',
    });
    await push('declared/fresh', { a: 'a' });
    expect((await maya.get('/assets/declared/fresh')).body).toMatchObject({
      title: 'From Git',
      versionCount: 1,
      declaration: { state: 'accepted' },
    });
    await create('declared/pushed', { title: 'Pushed first' });
    expect((await declare('pushed', 'url:repo-b')).body).toEqual({
      state: 'proposed',
    });
    expect((await maya.get('/assets/declared/pushed')).body.title).toBe(
      'Pushed first',
    );
    const accept = (who: typeof maya) =>
      who
        .post('/assets/declared/pushed/declarations/accept')
        .send({ location: 'url:repo-b' });
    expect((await accept(otto)).status).toBe(403);
    expect((await accept(maya)).status).toBe(204);
    expect((await maya.get('/assets/declared/pushed')).body.title).toBe(
      'From Git',
    );
    expect(
      (await declare('pushed', 'url:repo-b', { title: 'Edited' })).body,
    ).toEqual({ state: 'accepted' });
    expect((await maya.get('/assets/declared/pushed')).body.title).toBe(
      'Edited',
    );
    await catalog
      .post('/assets/declared/pushed/declarations/withdraw')
      .send({ location: 'url:repo-b' });
    const after = (await maya.get('/assets/declared/pushed')).body;
    expect(after.title).toBe('Edited');
    expect(after.declaration).toBeUndefined();
    expect(
      (
        await maya
          .put('/assets/declared/x/declarations')
          .send({ location: 'url:z', card })
      ).status,
    ).toBe(403);
  });
});
