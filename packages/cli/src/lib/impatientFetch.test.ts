/** @jest-environment node */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { impatientFetch } from './impatientFetch';

describe('impatientFetch', () => {
  let server: http.Server;
  let url: string;

  beforeAll(async () => {
    server = http.createServer(async (req, res) => {
      if (req.url === '/silent') return;
      res.writeHead(200, { 'X-Name': 'value' });
      for (let index = 0; index < 5; index++) {
        res.write('chunk');
        await new Promise(resolve => setTimeout(resolve, 60));
        if (req.url === '/stuck') return;
      }
      res.end();
    });
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('waits for what comes slowly', async () => {
    const response = await impatientFetch(200)(`${url}/slow`);
    expect(response.headers.get('x-name')).toBe('value');
    expect(await response.text()).toBe('chunk'.repeat(5));
  });

  it('gives up on an answer that does not begin', async () => {
    await expect(impatientFetch(100)(`${url}/silent`)).rejects.toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: 'nothing came for 0.1 seconds',
      }),
    );
  });

  it('gives up on an answer that does not go on', async () => {
    const response = await impatientFetch(100)(`${url}/stuck`);
    await expect(response.text()).rejects.toThrow(TypeError);
  });

  it('ends at once when somebody stops it', async () => {
    const stopping = new AbortController();
    const asked = impatientFetch(5000)(`${url}/silent`, {
      signal: stopping.signal,
    });
    stopping.abort();
    await expect(asked).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
  });
});
