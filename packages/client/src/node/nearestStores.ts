import { promises as fs } from 'node:fs';
import path from 'node:path';
import type { StoreSummary } from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from '../AssetManagerClient';
import { makeFolder } from './folders';

/** How long an order of the stores is believed: a laptop moves, and lines change. */
const BELIEVED_MS = 60 * 60 * 1000;
const PATIENCE_MS = 2000;
/** The first request opens the line; the best of the others is the way there and back. */
const REQUESTS = 4;

/** @public */
export interface MeasuredStore extends StoreSummary {
  /** Milliseconds there and back; undefined when nothing came back in time. */
  latency?: number;
}

/**
 * Measures how far each store is from here, by a few requests that need no
 * credentials and whose answer is no matter.
 *
 * @returns the stores, the nearest first
 * @public
 */
export async function measureStores(options: {
  client: AssetManagerClient;
  /** The portal, through which stores without an address of their own are reached. */
  portal: string;
  signal?: AbortSignal;
}): Promise<MeasuredStore[]> {
  const { client, portal, signal } = options;
  const stores = await client.listStores({ signal });
  const origins = new Map<string, Promise<number | undefined>>();
  const measure = (origin: string) => {
    const known = origins.get(origin) ?? latencyOf(origin, signal);
    origins.set(origin, known);
    return known;
  };
  const measured = await Promise.all(
    stores.map(
      async ({ address, ...store }): Promise<MeasuredStore> => ({
        ...store,
        address,
        latency: await measure(address ?? new URL(portal).origin),
      }),
    ),
  );
  return measured.sort(
    (a, b) => (a.latency ?? Infinity) - (b.latency ?? Infinity),
  );
}

/**
 * The stores of a portal, the nearest first. Measured at most once an hour, and
 * only where there are several.
 *
 * @param options.cache - the client's cache folder, where the order is remembered
 * @public
 */
export async function nearestStores(options: {
  client: AssetManagerClient;
  cache: string;
  portal: string;
  signal?: AbortSignal;
}): Promise<string[]> {
  const { cache, portal } = options;
  const file = path.join(cache, 'stores.json');
  const known = await read(file);
  const last = known[portal];
  if (last && Math.abs(Date.now() - last.at) < BELIEVED_MS) return last.order;
  let order: string[] = [];
  try {
    const stores = await options.client.listStores({ signal: options.signal });
    if (stores.length > 1)
      order = (await measureStores(options)).map(({ name }) => name);
  } catch (error) {
    options.signal?.throwIfAborted();
    // It is a matter of speed alone: what is really wrong shows at the next request.
    return [];
  }
  const text = JSON.stringify({
    ...known,
    [portal]: { at: Date.now(), order },
  });
  await makeFolder(cache)
    .then(() => fs.writeFile(`${file}.${process.pid}`, text))
    .then(() => fs.rename(`${file}.${process.pid}`, file))
    .catch(() => {});
  return order;
}

type Known = Partial<Record<string, { at: number; order: string[] }>>;

async function read(file: string): Promise<Known> {
  try {
    const known: Known = JSON.parse(await fs.readFile(file, 'utf8'));
    return Object.fromEntries(
      Object.entries(known).filter(
        ([, each]) =>
          typeof each?.at === 'number' &&
          Array.isArray(each.order) &&
          each.order.every(name => typeof name === 'string'),
      ),
    );
  } catch {
    // Not there yet, or damaged.
    return {};
  }
}

async function latencyOf(
  origin: string,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const either = signal ? AbortSignal.any([signal, patience]) : patience;
  const times: number[] = [];
  try {
    for (let request = 0; request < REQUESTS; request++) {
      const began = performance.now();
      const response = await fetch(origin, {
        method: 'HEAD',
        redirect: 'manual',
        signal: either,
      });
      await response.arrayBuffer();
      times.push(performance.now() - began);
    }
  } catch {
    signal?.throwIfAborted();
  }
  const [, ...warm] = times;
  return warm.length > 0 ? Math.min(...warm) : undefined;
}
