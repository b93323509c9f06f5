import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TestDatabases } from '@backstage/backend-test-utils';
import {
  buildManifest,
  Digest,
  digestOf,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { parse } from 'yaml';
import { TestPortal } from './__testUtils__/TestPortal';

const databases = TestDatabases.create({ ids: ['SQLITE_3', 'POSTGRES_17'] });
jest.setTimeout(120_000);

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;
const TEXT = 'the only file\n';
const DIGEST = digestOf(TEXT);
const ISSUER = 'https://ci.example.org';
const TYPE = `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: matrix }
spec: { stages: [{ name: first, initial: true }] }
`;
/** Of the assets of the table: one way takes two approvals that never come. */
const LIFE = `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata: { name: matrix-life }
spec:
  stages: [{ name: draft, initial: true }, { name: published }, { name: certified }]
  transitions:
    - { from: [draft], to: published }
    - from: [draft]
      to: certified
      gates: [{ name: qa, kind: approvals, count: 2 }]
`;
const TEAM = 'group:default/team';

/** Who asks, in the order of what they may; the names say what they are at the assets. */
const PERSONAS = [
  'nobody',
  'foreign service',
  'service account',
  'stranger',
  'expired',
  'approver',
  'reader',
  'contributor',
  'maintainer',
  'admin',
  'owner',
  'operator',
  'typeadmin',
  'catalog service',
] as const;
type Persona = (typeof PERSONAS)[number];

/** What an operation takes. */
type Takes =
  | 'nothing'
  | 'to be signed in'
  | 'to be a person'
  | 'reader'
  | 'approver'
  | 'contributor'
  | 'maintainer'
  | 'admin'
  /** The owner or an admin. */
  | 'to hand it over'
  /** A maintainer, and to everybody else there is none. */
  | 'to give it'
  /** A secret that none of them has. */
  | 'to sign'
  /** One's own upload, account or grant. */
  | 'own'
  | 'admin of a type'
  | 'operator'
  | 'catalog';

type Answer = 401 | 403 | 404 | 'done';

const ROLES_OF: Partial<Record<Persona, Takes[]>> = {
  approver: ['reader', 'approver'],
  reader: ['reader'],
  contributor: ['reader', 'contributor'],
  maintainer: ['reader', 'contributor', 'maintainer', 'to give it'],
  admin: [
    'reader',
    'contributor',
    'maintainer',
    'to give it',
    'to hand it over',
    'admin',
  ],
  owner: [
    'reader',
    'contributor',
    'maintainer',
    'to give it',
    'to hand it over',
    'own',
  ],
};

/** The one table: what each persona is answered. */
function expected(takes: Takes, persona: Persona): Answer {
  if (takes === 'nothing') return 'done';
  if (persona === 'nobody' || takes === 'to sign') return 401;
  if (persona === 'foreign service') return 403;
  if (takes === 'to be signed in') return 'done';
  if (takes === 'to be a person')
    return persona.includes('service') ? 403 : 'done';
  // Nothing that is given at an asset or namespace is given at a type.
  if (takes === 'admin of a type')
    return persona === 'typeadmin' ? 'done' : 403;
  if (takes === 'operator') return persona === 'operator' ? 'done' : 403;
  if (takes === 'catalog') return persona === 'catalog service' ? 'done' : 403;
  const roles = ROLES_OF[persona];
  if (roles?.includes(takes)) return 'done';
  return ['own', 'to give it'].includes(takes) || !roles ? 404 : 403;
}

interface Row {
  takes: Takes;
  body?: object | string;
  type?: string;
  query?: string;
  /** The header. */
  range?: string;
  params?: Record<string, string>;
  /** What the owner does before each persona asks. */
  before?: (world: World) => Promise<unknown>;
  /** What the last who may is answered, where it is no success, or may be one. */
  status?: number | number[];
}

interface World {
  portal: TestPortal;
  /** The asset's name in the namespace `matrix`. */
  name: string;
  url: string;
  uploadId: string;
  accountName: string;
  tokenId: string;
  federationId: string;
  grantId: string;
  requestId: string;
  runId: string;
  /** What is to be approved. */
  payload: string;
}

const owner = (world: World) => world.portal.as('owner');
const begin = (world: World, digest: Digest = digestOf('another')) =>
  owner(world)
    .post(`${world.url}/uploads`)
    .send({ digest, fileCount: 1, size: 1 });
const askForAccess = async (world: World) => {
  const asked = await owner(world)
    .post('/access-requests')
    .send({ namespace: 'matrix', name: world.name, reason: 'why not' });
  world.requestId = asked.body.id;
};
/** An open request of the owner for the version. */
const askForMove = async (world: World) => {
  await owner(world)
    .post(`${world.url}/versions/1/transitions`)
    .send({ to: 'certified' });
  const { body } = await owner(world).get(`${world.url}/transition-requests`);
  const [request] = body.items;
  expect(request.state).toBe('open');
  world.requestId = request.id;
  world.payload = request.payload;
};
const aRun = {
  inputs: [],
  outputs: [{ ref: 'matrix/NAME@1', role: 'model' }],
};
const DRAFT = `${TYPE.trimEnd().replace('first', 'begun')}\n`;
const saveDraft = ({ portal }: World) =>
  portal
    .as('typeadmin')
    .put('/asset-types/matrix/draft')
    .send({ document: DRAFT });
const withVersion = { selector: '1' };
const piece = { digest: DIGEST };

/** A row for each operation of the document. */
const TABLE: Record<string, Row> = {
  whoami: { takes: 'to be signed in' },
  listAssetTypes: { takes: 'to be signed in' },
  applyAssetType: {
    takes: 'admin of a type',
    body: { document: TYPE },
  },
  simulateAssetType: {
    takes: 'admin of a type',
    body: { document: TYPE },
  },
  saveAssetTypeDraft: {
    takes: 'admin of a type',
    params: { type: 'matrix' },
    body: { document: DRAFT },
  },
  getAssetTypeDraft: {
    takes: 'admin of a type',
    params: { type: 'matrix' },
    before: saveDraft,
  },
  discardAssetTypeDraft: {
    takes: 'admin of a type',
    params: { type: 'matrix' },
    before: saveDraft,
  },
  publishAssetTypeDraft: {
    takes: 'admin of a type',
    params: { type: 'matrix' },
    body: { digest: DIGEST },
    before: saveDraft,
    // It is another one that was seen.
    status: 409,
  },
  lintAssetType: { takes: 'to be signed in', body: { document: TYPE } },
  getAssetType: { takes: 'to be signed in', params: { type: 'dataset' } },
  listAssetTypeRevisions: {
    takes: 'to be signed in',
    params: { type: 'dataset' },
  },
  getAssetTypeRevision: {
    takes: 'to be signed in',
    params: { type: 'dataset', revision: '1' },
  },
  listAssets: { takes: 'to be signed in' },
  createAsset: {
    takes: 'to be signed in',
    status: 400,
    // For a group of one's own, which these are not.
    body: { namespace: 'other', name: 'x', type: 'nothing' },
  },
  listFacets: { takes: 'to be signed in' },
  getAsset: { takes: 'reader' },
  updateAsset: { takes: 'maintainer', body: { title: 'x' } },
  listVersions: { takes: 'reader' },
  getVersion: { takes: 'reader', params: withVersion },
  deleteVersion: { takes: 'maintainer', params: withVersion, body: {} },
  undeleteVersion: {
    takes: 'maintainer',
    params: withVersion,
    before: world =>
      owner(world).put(`${world.url}/versions/1/deletion`).send({}),
  },
  deleteAsset: {
    takes: 'maintainer',
    body: {},
    before: world => owner(world).delete(`${world.url}/deletion`),
  },
  undeleteAsset: { takes: 'maintainer', status: 409 },
  getAccess: { takes: 'maintainer' },
  explainAccess: { takes: 'reader' },
  getKeySet: { takes: 'nothing' },
  exchangeToken: {
    takes: 'nothing',
    status: 400,
    type: 'form',
    body: { grant_type: 'x' },
  },
  listServiceAccounts: { takes: 'to be signed in' },
  createServiceAccount: {
    takes: 'to be signed in',
    status: 400,
    body: { name: 'WRONG' },
  },
  getServiceAccount: { takes: 'own' },
  updateServiceAccount: { takes: 'own', body: { disabled: false } },
  listServiceTokens: { takes: 'own' },
  createServiceToken: { takes: 'own', body: {} },
  revokeServiceToken: { takes: 'own' },
  getFederationSettings: { takes: 'to be signed in' },
  listFederations: { takes: 'own' },
  createFederation: {
    takes: 'own',
    body: { issuer: ISSUER, claims: { sub: 'job' } },
  },
  revokeFederation: {
    takes: 'own',
    before: async world => {
      const made = await owner(world)
        .post(`/service-accounts/${world.accountName}/federations`)
        .send({ issuer: ISSUER, claims: { sub: 'job' } });
      world.federationId = made.body.id;
    },
  },
  listAccessRequests: { takes: 'to be signed in' },
  createAccessRequest: {
    takes: 'to be a person',
    body: { namespace: 'matrix', name: 'NAME', reason: 'why not' },
  },
  listAccessRequestsOfAsset: { takes: 'maintainer' },
  withdrawAccessRequest: { takes: 'own', before: askForAccess },
  decideAccessRequest: {
    takes: 'to give it',
    body: { granted: false },
    before: askForAccess,
  },
  listGrants: { takes: 'maintainer', query: 'scope=asset:matrix/NAME' },
  createGrant: {
    takes: 'maintainer',
    body: { principal: TEAM, role: 'reader', scope: 'asset:matrix/NAME' },
  },
  endGrant: {
    takes: 'to give it',
    before: async world => {
      const grant = await world.portal
        .as('root')
        .post('/grants')
        .send({
          principal: TEAM,
          role: 'reader',
          scope: `asset:matrix/${world.name}`,
        });
      world.grantId = grant.body.id;
    },
  },
  listDeletedAssets: { takes: 'to be signed in' },
  getManifest: { takes: 'reader', params: withVersion },
  getManifestPage: {
    takes: 'reader',
    params: { ...withVersion, position: '0' },
  },
  getPackPlacement: {
    takes: 'reader',
    params: { ...withVersion, position: '0' },
  },
  readPack: { takes: 'reader', status: 404, params: piece, range: 'bytes=0-3' },
  listFiles: { takes: 'reader', params: withVersion },
  getFile: { takes: 'reader', params: { ...withVersion, path: 'a.txt' } },
  getBlockDigests: {
    takes: 'reader',
    // It is read whole.
    status: 400,
    params: { ...withVersion, path: 'a.txt' },
    query: 'first=0&count=1',
  },
  compareVersions: {
    takes: 'reader',
    query: 'from=matrix/NAME@1&to=matrix/NAME@1',
  },
  listAliases: { takes: 'reader' },
  setAlias: {
    takes: 'contributor',
    params: { alias: 'candidate' },
    body: { version: '1' },
  },
  removeAlias: {
    takes: 'contributor',
    params: { alias: 'candidate' },
    before: world =>
      owner(world).put(`${world.url}/aliases/candidate`).send({ version: '1' }),
  },
  listAliasMoves: { takes: 'reader' },
  getStage: { takes: 'reader', params: withVersion },
  moveVersion: {
    takes: 'maintainer',
    params: withVersion,
    // Somebody before has moved it.
    status: 409,
    body: { to: 'published' },
  },
  listStageMoves: { takes: 'reader' },
  updateVersion: {
    takes: 'contributor',
    params: withVersion,
    body: { metadata: { rows: 1 } },
  },
  retractVersion: {
    takes: 'maintainer',
    params: withVersion,
    // Somebody before has retracted it.
    status: 409,
    body: { reason: 'wrong' },
  },
  reinstateVersion: {
    takes: 'maintainer',
    params: withVersion,
    before: world =>
      owner(world)
        .put(`${world.url}/versions/1/retraction`)
        .send({ reason: 'wrong' }),
  },
  listHolds: { takes: 'reader' },
  placeHold: { takes: 'admin', body: { reason: 'court' } },
  endHold: {
    takes: 'admin',
    params: { id: 'none' },
    query: 'reason=settled',
    status: 404,
  },
  listWebhooks: { takes: 'operator' },
  resendDeadLetter: {
    takes: 'operator',
    params: { webhook: 'none', sequence: '1' },
    status: 404,
  },
  // Whoever does not sign is nobody, whoever they are.
  takeCheck: { takes: 'to sign', params: { source: 'ci' }, body: {} },
  listAuditEvents: { takes: 'operator' },
  exportAudit: { takes: 'operator' },
  verifyAudit: { takes: 'operator' },
  signAudit: { takes: 'operator' },
  listAssetEvents: { takes: 'reader' },
  listChecks: { takes: 'reader', params: withVersion },
  recordCheck: {
    takes: 'contributor',
    params: withVersion,
    body: { name: 'accuracy', status: 'passed' },
  },
  getLineage: { takes: 'reader', params: withVersion },
  recordRun: { takes: 'contributor', body: aRun },
  getRun: {
    takes: 'reader',
    before: async world => {
      const outputs = [{ ref: `matrix/${world.name}@1` }];
      const run = await owner(world)
        .post('/runs')
        .send({ inputs: [], outputs });
      world.runId = run.body.id;
    },
  },
  listTransitionRequests: { takes: 'reader' },
  listMyTransitionRequests: { takes: 'to be signed in' },
  getTransitionRequest: { takes: 'reader', before: askForMove },
  withdrawTransitionRequest: { takes: 'maintainer', before: askForMove },
  decideTransitionRequest: {
    takes: 'approver',
    before: askForMove,
    body: { decision: 'approve', payload: 'PAYLOAD' },
  },
  beginUpload: {
    takes: 'contributor',
    body: { digest: digestOf('more'), fileCount: 1, size: 1 },
  },
  listStores: { takes: 'to be signed in' },
  examineStores: { takes: 'operator' },
  getStorage: { takes: 'operator' },
  planCollection: { takes: 'operator' },
  collect: { takes: 'operator' },
  rebuild: { takes: 'operator', body: {} },
  listFixityChecks: { takes: 'operator' },
  createFixityCheck: { takes: 'operator', body: {} },
  getFixityReport: { takes: 'operator', status: 404, params: { id: 'x' } },
  listUploads: { takes: 'to be signed in' },
  listCopyJobs: { takes: 'maintainer' },
  createCopyJob: {
    takes: 'maintainer',
    // The former one may be done by now, or not.
    status: [202, 409],
    body: { store: 'local', mode: 'replicate' },
  },
  getUpload: { takes: 'own' },
  keepUpload: { takes: 'own' },
  abortUpload: { takes: 'own', before: begin },
  putPage: { takes: 'own', status: 400, params: { position: '0' }, body: 'x' },
  putBlob: { takes: 'own', params: piece, body: TEXT },
  putPart: { takes: 'own', params: { ...piece, number: '0' }, body: TEXT },
  signPieces: {
    takes: 'own',
    status: 409,
    body: { pieces: [{ digest: DIGEST, size: 5, checksum: 'AAAAAA==' }] },
  },
  completeBlobs: {
    takes: 'own',
    body: { blobs: [{ digest: DIGEST, size: 5 }] },
  },
  putPack: { takes: 'own', status: 400, params: piece, body: TEXT },
  completePack: {
    takes: 'own',
    status: 409,
    body: { digest: DIGEST, blobs: [{ digest: DIGEST, size: 5 }] },
  },
  commitUpload: { takes: 'own', status: 409, body: {} },
  listChanges: { takes: 'to be signed in' },
  listDeclarations: { takes: 'reader' },
  declareAsset: {
    takes: 'catalog',
    body: {
      location: 'url:x',
      card: {
        type: 'dataset',
        owner: TEAM,
        visibility: 'public',
        tags: [],
        relations: { derivedFrom: [], producedBy: [], consumedBy: [] },
      },
    },
  },
  acceptDeclaration: {
    takes: 'to hand it over',
    status: 404,
    body: { location: 'url:x' },
  },
  withdrawDeclaration: { takes: 'catalog', body: { location: 'url:x' } },
};

interface Operation {
  id: string;
  method: (typeof METHODS)[number];
  template: string;
}

const document = parse(
  readFileSync(path.join(__dirname, '../openapi.yaml'), 'utf8'),
);
const operations: Operation[] = Object.entries(
  document.paths as Record<string, Record<string, { operationId: string }>>,
).flatMap(([template, methods]) =>
  METHODS.filter(method => methods[method]).map(method => ({
    id: methods[method].operationId,
    method,
    template,
  })),
);

describe('the table', () => {
  it('has a row for each operation of the document, and no other', () => {
    expect(Object.keys(TABLE).sort()).toEqual(
      operations.map(({ id }) => id).sort(),
    );
  });
});

describe.each(databases.eachSupportedId())('each route on %p', databaseId => {
  let portal: TestPortal;
  let service = '';
  let count = 0;

  beforeAll(async () => {
    portal = await TestPortal.start({
      knex: await databases.init(databaseId),
      groups: [{ name: 'team' }, { name: 'admins' }],
      people: {
        ...Object.fromEntries(PERSONAS.map(name => [name, []])),
        owner: ['team'],
        root: ['admins'],
      },
      configuration: {
        administrators: ['group:default/admins'],
        operators: ['user:default/operator'],
        auditors: ['user:default/operator'],
        federation: { issuers: [ISSUER] },
      },
    });
    const grant = (principal: string, role: string, more: object = {}) =>
      portal
        .as('root')
        .post('/grants')
        .send({ principal, role, scope: 'namespace:matrix', ...more });
    for (const role of [
      'approver',
      'reader',
      'contributor',
      'maintainer',
      'admin',
    ])
      await grant(`user:default/${role}`, role);
    await grant('user:default/typeadmin', 'admin', { scope: 'type:matrix' });
    await grant('user:default/expired', 'admin', {
      expiresAt: new Date(Date.now() + 200).toISOString(),
    });
    await portal.as('root').post('/asset-types').send({ document: LIFE });
    await portal.as('owner').post('/service-accounts').send({ name: 'idle' });
    const token = await portal
      .as('owner')
      .post('/service-accounts/idle/tokens')
      .send({});
    service = `external:asset-manager:idle/${token.body.id}`;
    await new Promise(resolve => {
      setTimeout(resolve, 250);
    });
  });

  afterAll(() => portal?.stop());

  function senderOf(persona: Persona): string | undefined {
    if (persona === 'nobody') return undefined;
    if (persona === 'foreign service') return 'plugin:search';
    if (persona === 'catalog service') return 'plugin:catalog';
    return persona === 'service account' ? service : persona;
  }

  /** A restricted asset with a version, an open upload, an account and a grant. */
  async function makeWorld(): Promise<World> {
    const name = `it-${count++}`;
    const url = `/assets/matrix/${name}`;
    const { manifest, pages, digest } = buildManifest([
      { path: 'a.txt', size: TEXT.length, digest: DIGEST },
    ]);
    const as = portal.as('owner');
    await as.post('/assets').send({
      namespace: 'matrix',
      name,
      type: 'matrix-life',
      visibility: 'restricted',
    });
    const first = await as
      .post(`${url}/uploads`)
      .send({ digest, fileCount: 1, size: manifest.size });
    const { id } = first.body.upload;
    await as.put(`/uploads/${id}/pages/0`).type('json').send(pages[0]);
    await as
      .put(`/uploads/${id}/blobs/${DIGEST}`)
      .type('application/octet-stream')
      .send(Buffer.from(TEXT));
    expect((await as.post(`/uploads/${id}/commit`).send({})).status).toBe(201);
    const world = {
      portal,
      name,
      url,
      uploadId: '',
      accountName: name,
      tokenId: '',
      federationId: '',
      grantId: '',
      requestId: '',
      runId: '',
      payload: '',
    };
    world.uploadId = (await begin(world)).body.upload.id;
    await as.post('/service-accounts').send({ name });
    const token = await as.post(`/service-accounts/${name}/tokens`).send({});
    world.tokenId = token.body.id;
    return world;
  }

  function addressOf({ id, template }: Operation, world: World): string {
    const { params, query } = TABLE[id];
    const known: Record<string, string> = {
      namespace: 'matrix',
      name: world.name,
      account: world.accountName,
      id: template.startsWith('/uploads') ? world.uploadId : world.tokenId,
      ...(template.includes('/federations') && { id: world.federationId }),
      ...(template.startsWith('/runs') && { id: world.runId }),
      ...(template.startsWith('/grants') && { id: world.grantId }),
      ...(/^.(access|transition)-req/.test(template) && {
        id: world.requestId,
      }),
      ...params,
    };
    const address = template.replace(/\{(\w+)\}/g, (_, key) => {
      expect(known).toHaveProperty([key]);
      return known[key];
    });
    return query
      ? `${address}?${query.replaceAll('NAME', world.name)}`
      : address;
  }

  function classify(
    { takes }: Row,
    status: number,
    detail: string | undefined,
  ): Answer | number {
    if (status === 401 || status === 403) return status;
    // That an asset hides is one thing, that it lacks something another.
    if (status === 404)
      return takes === 'own' ||
        /that you may read|no grant|no (open )?request/.test(detail ?? '')
        ? 404
        : 'done';
    return status < 500 ? 'done' : status;
  }

  it.each(operations)('$id', async operation => {
    const row = TABLE[operation.id];
    const answers: Partial<Record<Persona, Answer | number>> = {};
    const wanted: typeof answers = {};
    const world = await makeWorld();
    let last = 0;
    for (const persona of PERSONAS) {
      await row.before?.(world);
      const request = portal
        .as(senderOf(persona))
        [operation.method](addressOf(operation, world));
      if (row.range) request.set('Range', row.range);
      if (typeof row.body === 'string')
        request.type('application/octet-stream').send(Buffer.from(row.body));
      else if (row.body)
        request
          .type(row.type ?? 'json')
          .send(
            JSON.parse(
              JSON.stringify(row.body)
                .replaceAll('NAME', world.name)
                .replaceAll('PAYLOAD', world.payload),
            ),
          );
      const { status, body } = await request;
      answers[persona] = classify(row, status, body?.detail);
      wanted[persona] = expected(row.takes, persona);
      if (wanted[persona] === 'done') last = status;
    }
    expect(answers).toEqual(wanted);
    expect([row.status ?? Math.min(last, 299)].flat()).toContain(last);
  });
});
