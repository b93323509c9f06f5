/** @jest-environment node */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { releaseMemory } from '@baseasset/backstage-plugin-asset-manager-common';
import { Transport } from './Transport';

const MIB = 1024 * 1024;
const BLOCKS = 192;

describe('Transport', () => {
  const block = randomBytes(MIB);
  const sent = createHash('sha256');
  for (let count = 0; count < BLOCKS; count++) sent.update(block);
  const digest = sent.digest('hex');

  let server: http.Server;
  let connections: number;
  let transport: Transport;
  let url: string;

  beforeEach(async () => {
    connections = 0;
    server = http.createServer(async (request, response) => {
      if (request.url === '/refused') {
        response.writeHead(404, { 'Content-Type': 'application/json' });
        response.end('{"error":{"name":"NotFoundError","message":"no such"}}');
        return;
      }
      if (request.url === '/sized')
        response.setHeader('Content-Length', BLOCKS * MIB);
      for (let count = 0; count < BLOCKS; count++)
        await new Promise(resolve => {
          response.write(block, resolve);
        });
      response.end();
    });
    server.on('connection', () => connections++);
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    transport = new Transport({ getToken: async () => undefined });
  });

  afterEach(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });

  it('receives in constant memory, one answer after the other on a connection', async () => {
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (const way of ['sized', 'chunked', 'sized']) {
      const hash = createHash('sha256');
      const body = await transport.receive({ url: `${url}/${way}`, start: 0 });
      for await (const chunk of body as AsyncIterable<Buffer>) {
        hash.update(chunk);
        releaseMemory(chunk);
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
      expect(hash.digest('hex')).toBe(digest);
    }
    expect(connections).toBe(1);
    expect(most).toBeLessThan(16 * MIB);
  });

  it('says what a server refused with, before and after it received', async () => {
    const refused = () =>
      transport.receive({ url: `${url}/refused`, start: 0 });
    await expect(refused()).rejects.toThrow('no such');
    (await transport.receive({ url: `${url}/sized`, start: 0 })).resume();
    await expect(refused()).rejects.toThrow('no such');
  });
});
