import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AuditKey } from './AuditKey';

describe('the key of the audit trail', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'key-'));
    file = path.join(folder, 'key.pem');
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('is made once, for nobody else to read', async () => {
    const { publicKey } = AuditKey.open({ file });
    expect(AuditKey.open({ file }).publicKey).toBe(publicKey);
    expect((await stat(file)).mode % 0o1000).toBe(0o600);
    expect(await readFile(file, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY/);
  });

  it('is made anew when a power cut left nothing of it', async () => {
    await writeFile(file, '');
    const { publicKey } = AuditKey.open({ file });
    expect(AuditKey.open({ file }).publicKey).toBe(publicKey);
  });

  it('is not replaced when it is something else', async () => {
    await writeFile(file, 'something else');
    expect(() => AuditKey.open({ file })).toThrow(/no private key in PEM/);
    expect(await readFile(file, 'utf8')).toBe('something else');
  });
});
