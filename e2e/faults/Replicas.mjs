/**
 * Two backends on one PostgreSQL, one local directory and one bucket, behind a
 * proxy that takes turns; each reaches the bucket through a proxy of its own.
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { startS3 } from '../../scripts/lib/objectStores.mjs';
import { startPortal } from '../../scripts/lib/portal.mjs';
import { freePort, startPostgres } from '../../scripts/lib/postgres.mjs';
import { root } from '../../scripts/lib/tools.mjs';
import { temporaryFolder, tools } from '../support.mjs';
import { FaultProxy } from './FaultProxy.mjs';

const require = createRequire(path.join(root, 'package.json'));
const MIB = 1024 * 1024;

export const BUCKET = 'bucket';
/** The environment of people who don't wait long for a bucket that says nothing. */
export const IMPATIENT = { BASEASSET_TIMEOUT: '2' };
/** Bytes of a part: the least that S3 takes. */
export const PART_SIZE = 5 * MIB;

async function makeBucket(s3) {
  Object.assign(process.env, s3.env);
  const { CreateBucketCommand, S3Client } = require('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint: s3.url,
    region: 'us-east-1',
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket: 'faults' }));
  client.destroy();
}

export class Replicas {
  /** @returns the replicas, or why there can be none on this machine */
  static async start() {
    const postgres = await startPostgres();
    if (postgres.missing) return { missing: postgres.missing };
    const s3 = await startS3();
    if (s3.missing) {
      await postgres.stop();
      return { missing: s3.missing };
    }
    await makeBucket(s3);
    const ports = [await freePort(), await freePort()];
    const replicas = new Replicas({
      postgres,
      s3,
      ports,
      front: await FaultProxy.start(ports),
      stores: [
        await FaultProxy.start([new URL(s3.url).port]),
        await FaultProxy.start([new URL(s3.url).port]),
      ],
    });
    // One after the other: both would bring the tables up to date.
    for (const index of ports.keys()) await replicas.#startOne(index);
    return replicas;
  }

  /** The proxy between clients and backends. */
  front;
  /** The proxies between each backend, with those it signs for, and the bucket. */
  stores;
  directory = temporaryFolder('replicas');
  #postgres;
  #s3;
  #ports;
  #running = [];
  #restarts = new Set();

  constructor({ postgres, s3, ports, front, stores }) {
    this.#postgres = postgres;
    this.#s3 = s3;
    this.#ports = ports;
    this.front = front;
    this.stores = stores;
  }

  get url() {
    return this.front.url;
  }

  /** The folder of the local store. */
  get blobs() {
    return path.join(this.directory, 'blobs');
  }

  log() {
    return this.#ports
      .map((_, index) => path.join(this.directory, `backend-${index}.log`))
      .map(file => fs.readFileSync(file, 'utf8'))
      .join('\n');
  }

  /** Kills the backend on a port with SIGKILL, and starts it again at once. */
  kill(port) {
    this.killOne(this.#ports.indexOf(Number(port)));
  }

  killOne(index) {
    const port = this.#ports[index];
    this.front.targets = this.front.targets.filter(each => each !== port);
    const restart = (async () => {
      await this.#running[index].stop('SIGKILL');
      await this.#startOne(index);
      this.front.targets = [...this.front.targets, port];
    })();
    this.#restarts.add(restart);
    restart.finally(() => this.#restarts.delete(restart)).catch(() => {});
  }

  /** Waits until both answer. */
  async whole() {
    while (this.#restarts.size > 0) await Promise.all(this.#restarts);
  }

  async close() {
    await this.whole().catch(() => {});
    await Promise.all(this.#running.map(each => each.stop()));
    await Promise.all([this.front, ...this.stores].map(each => each.close()));
    await this.#s3.stop();
    await this.#postgres.stop();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  async #startOne(index) {
    const config = path.join(this.directory, `backend-${index}.yaml`);
    const { url } = this.front;
    fs.writeFileSync(
      config,
      JSON.stringify({
        app: { baseUrl: url },
        backend: {
          baseUrl: url,
          cors: { origin: url },
          database: { client: 'pg', connection: this.#postgres.url },
        },
        assetManager: {
          operators: ['user:default/maya'],
          deletion: { undo: { milliseconds: 1 } },
          uploads: { partSize: PART_SIZE },
          storage: {
            grace: { seconds: 1 },
            deletionTime: { seconds: 10 },
            fixity: { enabled: false },
            local: { directory: this.blobs },
            s3: {
              [BUCKET]: {
                bucket: 'faults',
                endpoint: this.stores[index].url,
                forcePathStyle: true,
                timeout: '2s',
              },
            },
            placement: [{ namespace: 'cloud', store: BUCKET }],
          },
        },
      }),
    );
    this.#running[index] = await startPortal({
      tools,
      port: this.#ports[index],
      dataDirectory: this.directory,
      log: path.join(this.directory, `backend-${index}.log`),
      configs: [
        ...['app-config.yaml', 'app-config.demo.yaml'].map(name =>
          path.join(root, name),
        ),
        config,
      ],
      environment: this.#s3.env,
    });
  }
}
