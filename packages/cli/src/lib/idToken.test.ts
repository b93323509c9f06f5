import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { idTokenSource } from './idToken';

const PORTAL = 'https://portal.example.org';

describe('idTokenSource', () => {
  it('has none where no CI system gives one', () => {
    expect(idTokenSource({}, PORTAL)).toBeUndefined();
    expect(
      idTokenSource({ ACTIONS_ID_TOKEN_REQUEST_URL: 'http://x' }, PORTAL),
    ).toBeUndefined();
  });

  it('reads a file anew each time, since it is renewed there', async () => {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'id-')), 'token');
    const source = idTokenSource({ ASSET_ID_TOKEN_FILE: file }, PORTAL)!;
    await expect(source()).rejects.toThrow("can't be read");
    for (const token of ['one', 'two']) {
      writeFileSync(file, `${token}\n`);
      expect(await source()).toBe(token);
    }
  });

  it('asks GitHub Actions for one that is meant for the portal', async () => {
    const asked: string[] = [];
    let answer: object = { value: 'signed' };
    const server = createServer((req, res) => {
      asked.push(`${req.headers.authorization} ${req.url}`);
      res.end(JSON.stringify(answer));
    });
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    try {
      const { port } = server.address() as AddressInfo;
      const source = idTokenSource(
        {
          ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/?version=2`,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret',
        },
        PORTAL,
      )!;
      expect(await source()).toBe('signed');
      expect(asked).toEqual([
        'Bearer secret /?version=2&audience=https%3A%2F%2Fportal.example.org',
      ]);
      answer = { message: 'no' };
      await expect(source()).rejects.toThrow('gives this job no token');
    } finally {
      server.close();
    }
  });
});
