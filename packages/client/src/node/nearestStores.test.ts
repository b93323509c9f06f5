/** @jest-environment node */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AssetManagerClient } from '../AssetManagerClient';
import { measureStores, nearestStores } from './nearestStores';

/** A server that refuses whatever it is asked, after a while. */
async function serverAfter(milliseconds: number) {
  let asked = 0;
  const server = http.createServer(async (_, res) => {
    asked++;
    await pause(milliseconds);
    res.writeHead(403).end();
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('the nearest stores', () => {
  let cache: string;
  let near: Awaited<ReturnType<typeof serverAfter>>;
  let far: Awaited<ReturnType<typeof serverAfter>>;
  let listStores: jest.Mock;
  let options: Parameters<typeof nearestStores>[0];

  beforeEach(async () => {
    cache = await mkdtemp(path.join(os.tmpdir(), 'nearest-'));
    near = await serverAfter(0);
    far = await serverAfter(60);
    listStores = jest.fn(async () => [
      { name: 'local', default: true, direct: false },
      { name: 'overseas', default: false, direct: true, address: far.url },
      { name: 'here', default: false, direct: true, address: near.url },
      {
        name: 'gone',
        default: false,
        direct: true,
        address: 'http://127.0.0.1:1',
      },
    ]);
    options = {
      client: { listStores } as unknown as AssetManagerClient,
      cache,
      portal: `${far.url}/some/path`,
    };
  });

  afterEach(async () => {
    near.close();
    far.close();
    await rm(cache, { recursive: true });
  });

  it('come first, and those that do not answer last', async () => {
    const measured = await measureStores(options);
    expect(measured.map(({ name }) => name)).toEqual([
      'here',
      // The portal itself is as far as its host.
      'local',
      'overseas',
      'gone',
    ]);
    const [here, local, , gone] = measured.map(({ latency }) => latency);
    expect(here).toBeLessThan(local!);
    expect(gone).toBeUndefined();
  });

  it('are measured once an hour, for each portal', async () => {
    const order = await nearestStores(options);
    expect(order[0]).toBe('here');
    const asked = near.asked();
    expect(await nearestStores(options)).toEqual(order);
    expect(near.asked()).toBe(asked);
    await nearestStores({ ...options, portal: near.url });
    expect(near.asked()).toBeGreaterThan(asked);
    const file = path.join(cache, 'stores.json');
    const old = JSON.parse(await readFile(file, 'utf8'));
    old[options.portal].at -= 3_600_001;
    await writeFile(file, JSON.stringify(old));
    listStores.mockClear();
    await nearestStores(options);
    expect(listStores).toHaveBeenCalled();
  });

  it('are not measured where there is one store', async () => {
    listStores.mockResolvedValue([
      { name: 'here', default: true, direct: true, address: near.url },
    ]);
    expect(await nearestStores(options)).toEqual([]);
    expect(near.asked()).toBe(0);
  });

  it('are no matter when they can not be asked for, or the file is garbage', async () => {
    await writeFile(path.join(cache, 'stores.json'), '{"x":{"at":"y"}}');
    listStores.mockRejectedValue(new Error('refused'));
    expect(await nearestStores(options)).toEqual([]);
  });
});
