import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  mockCredentials,
  mockServices,
  startTestBackend,
} from '@backstage/backend-test-utils';
import { permissionsServiceFactory } from '@backstage/backend-defaults/permissions';
import {
  BackendFeature,
  coreServices,
  createBackendModule,
  createServiceFactory,
} from '@backstage/backend-plugin-api';
import type { Entity } from '@backstage/catalog-model';
import permissionPlugin from '@backstage/plugin-permission-backend';
import type { PermissionPolicy } from '@backstage/plugin-permission-node';
import { policyExtensionPoint } from '@backstage/plugin-permission-node/alpha';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import type { JsonObject } from '@backstage/types';
import type { Knex } from 'knex';
import {
  buildManifest,
  digestOf,
} from '@baseasset/backstage-plugin-asset-manager-common';
import request, { Response } from 'supertest';
import { assetManagerPlugin } from '../plugin';

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';

/** A group, and the one that it belongs to. */
export interface TestGroup {
  name: string;
  parent?: string;
}

const refOf = (kind: string, name: string) => `${kind}:default/${name}`;

function groupEntity({ name, parent }: TestGroup): Entity {
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Group',
    metadata: { name },
    spec: {},
    relations: parent
      ? [{ type: 'childOf', targetRef: refOf('group', parent) }]
      : [],
  };
}

/** Tokens on behalf of a person tell which plugin asks, as the real ones do. */
const authOnBehalfOf = createServiceFactory({
  service: coreServices.auth,
  deps: { plugin: coreServices.pluginMetadata },
  factory({ plugin }) {
    const pluginId = plugin.getId();
    const auth = mockServices.auth({
      pluginId,
      disableDefaultAuthPolicy: false,
    });
    return Object.assign(Object.create(auth), {
      getPluginRequestToken: async (
        options: Parameters<typeof auth.getPluginRequestToken>[0],
      ) => {
        const principal = options.onBehalfOf.principal as {
          userEntityRef?: string;
        };
        return principal.userEntityRef === undefined
          ? auth.getPluginRequestToken(options)
          : {
              token: mockCredentials.user.token(principal.userEntityRef, {
                actor: { subject: `plugin:${pluginId}` },
              }),
            };
      },
    });
  },
});

/** Backstage's own permission backend, with a policy. */
function permissionFramework(policy: PermissionPolicy) {
  return [
    authOnBehalfOf,
    permissionsServiceFactory,
    permissionPlugin,
    createBackendModule({
      pluginId: 'permission',
      moduleId: 'test-policy',
      register(env) {
        env.registerInit({
          deps: { extension: policyExtensionPoint },
          async init({ extension }) {
            extension.setPolicy(policy);
          },
        });
      },
    }),
  ];
}

/**
 * The plugin as a backend has it, with people and groups in the catalog, who can
 * change their groups while it runs.
 */
export class TestPortal {
  static async start(options: {
    knex: Knex;
    groups: readonly TestGroup[];
    /** Names with the groups that each is a member of. */
    people: Record<string, string[]>;
    /** What stands in the configuration under `assetManager`. */
    configuration?: JsonObject;
    /** The portal's permission policy; everything is permitted when left out. */
    policy?: PermissionPolicy;
    /** Modules that the backend has besides. */
    modules?: readonly BackendFeature[];
  }): Promise<TestPortal> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'backend-'));
    const people = new Map(Object.entries(options.people));
    const catalog = catalogServiceMock({
      entities: options.groups.map(groupEntity),
    });
    const personOf = (ref: string): Entity | undefined => {
      const name = /^user:default\/(.+)$/.exec(ref)?.[1] ?? '';
      const groups = people.get(name);
      return (
        groups && {
          apiVersion: 'backstage.io/v1alpha1',
          kind: 'User',
          metadata: { name },
          spec: {},
          relations: groups.map(group => ({
            type: 'memberOf',
            targetRef: refOf('group', group),
          })),
        }
      );
    };
    const backend = await startTestBackend({
      features: [
        assetManagerPlugin,
        ...(options.modules ?? []),
        catalogServiceMock.mock({
          getEntityByRef: async (ref, call) =>
            personOf(String(ref)) ?? catalog.getEntityByRef(ref, call),
          getEntitiesByRefs: async (query, call) => {
            const { items } = await catalog.getEntitiesByRefs(query, call);
            return {
              items: items.map(
                (known, index) => personOf(query.entityRefs[index]) ?? known,
              ),
            };
          },
        }).factory,
        mockServices.database.mock({ getClient: async () => options.knex })
          .factory,
        ...(options.policy ? permissionFramework(options.policy) : []),
        mockServices.rootConfig.factory({
          data: {
            permission: { enabled: options.policy !== undefined },
            assetManager: {
              validateResponses: true,
              audit: { keyFile: `${directory}.pem` },
              ...options.configuration,
              storage: {
                ...(options.configuration?.storage as JsonObject | undefined),
                local: { directory },
              },
            },
          },
        }),
      ],
    });
    return new TestPortal({
      directory,
      people,
      server: backend.server,
      stop: async () => {
        await backend.stop();
        for (const each of [directory, `${directory}.pem`])
          await rm(each, { recursive: true, force: true });
      },
    });
  }

  /** Where the local store keeps its bytes. */
  readonly directory: string;
  readonly stop: () => Promise<void>;
  readonly server: Parameters<typeof request>[0];
  readonly #people: Map<string, string[]>;

  private constructor(options: {
    directory: string;
    people: Map<string, string[]>;
    server: Parameters<typeof request>[0];
    stop: () => Promise<void>;
  }) {
    this.directory = options.directory;
    this.#people = options.people;
    this.server = options.server;
    this.stop = options.stop;
  }

  /** Puts a person into other groups. */
  setGroups(name: string, groups: string[]): void {
    this.#people.set(name, groups);
  }

  /**
   * Pushes a version of one text file to an asset.
   *
   * @param options.begin - more of what the upload begins with
   * @param options.commit - what it is committed with
   * @returns the answer to the commit, or to what was refused before
   */
  async push(
    who: string,
    url: string,
    options: { text: string; begin?: object; commit?: object },
  ): Promise<Response> {
    const { text } = options;
    const built = buildManifest([
      { path: 'a.txt', size: text.length, digest: digestOf(text) },
    ]);
    const as = this.as(who);
    const begun = await as.post(`${url}/uploads`).send({
      digest: built.digest,
      fileCount: 1,
      size: built.manifest.size,
      ...options.begin,
    });
    if (begun.status !== 201) return begun;
    const upload = `/uploads/${begun.body.upload.id}`;
    await as.put(`${upload}/pages/0`).type('json').send(built.pages[0]);
    await as
      .put(`${upload}/blobs/${digestOf(text)}`)
      .type('application/octet-stream')
      .send(Buffer.from(text));
    return as.post(`${upload}/commit`).send(options.commit ?? {});
  }

  /**
   * Sends requests as somebody.
   *
   * @param who - the name of a person, a service like `plugin:catalog`, or nobody
   */
  as(who: string | undefined) {
    const authorization = authorizationOf(who);
    const ask = (method: Method) => (url: string) =>
      request(this.server)
        [method](`/api/asset-manager${url}`)
        .set('Authorization', authorization);
    return {
      get: ask('get'),
      put: ask('put'),
      post: ask('post'),
      patch: ask('patch'),
      delete: ask('delete'),
    };
  }
}

function authorizationOf(who: string | undefined): string {
  if (who === undefined) return mockCredentials.none.header();
  return who.includes(':')
    ? mockCredentials.service.header({
        onBehalfOf: mockCredentials.service(who),
        targetPluginId: 'asset-manager',
      })
    : mockCredentials.user.header(refOf('user', who));
}
