/** @jest-environment node */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { AssetManagerClient } from './AssetManagerClient';

describe('AssetManagerClient', () => {
  let server: http.Server;
  let answer: (response: http.ServerResponse, round: number) => void;
  let asked: number;
  let client: AssetManagerClient;
  let origin: string;

  beforeEach(async () => {
    asked = 0;
    server = http.createServer((_, response) => answer(response, ++asked));
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new AssetManagerClient({
      baseUrl: `${origin}/api/asset-manager`,
      retry: { attempts: 3, delay: 1 },
    });
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const cut = (response: http.ServerResponse) => {
    response.writeHead(200, { 'Content-Length': 1000 });
    response.write('{"items":', () => response.destroy());
  };

  it('asks again when an answer was cut in its middle', async () => {
    answer = (response, round) =>
      round === 1 ? cut(response) : response.end('{"items":[]}');
    expect(await client.listStores()).toEqual([]);
    expect(asked).toBe(2);
  });

  it('says so when it always is', async () => {
    answer = cut;
    await expect(client.listStores()).rejects.toMatchObject({
      status: 0,
      message: `an answer of the asset manager at ${origin} broke off`,
    });
    expect(asked).toBe(3);
  });

  it('says what is no asset manager', async () => {
    answer = response => response.end('<html>A page of a portal</html>');
    await expect(client.listStores()).rejects.toMatchObject({
      status: 0,
      message: `${origin} answers, but not as an asset manager does`,
    });
  });
});
