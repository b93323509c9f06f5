/** @jest-environment node */
import { generateKeyPairSync, sign } from 'node:crypto';
import {
  AuditEvent,
  chainHash,
  checkpointText,
  Digest,
  FIRST_HASH,
} from '@baseasset/backstage-plugin-asset-manager-common';
import canonicalize from 'canonicalize';
import { verifyAudit } from './verifyAudit';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const PUBLIC_KEY = publicKey
  .export({ type: 'spki', format: 'der' })
  .toString('base64');

const event = (id: string): AuditEvent => ({
  id,
  at: '2026-01-01T00:00:00.000Z',
  actor: 'user:default/maya',
  action: 'version.moved',
  outcome: 'succeeded',
  object: 'models/it@1',
});

/** An export of three events, as its lines. */
function exported(write: (value: object) => string): string[] {
  const lines = [
    JSON.stringify({ kind: 'begin', format: 'baseasset-audit/1' }),
  ];
  let hash: Digest = FIRST_HASH;
  ['a', 'b', 'c'].forEach((id, index) => {
    const content = canonicalize(event(id))!;
    hash = chainHash(index + 1, hash, content);
    lines.push(
      write({
        kind: 'event',
        sequence: index + 1,
        hash,
        sealedAt: '2026-01-01T00:00:01.000Z',
        event: JSON.parse(content),
      }),
    );
  });
  const place = { sequence: 3, hash, at: '2026-01-01T00:00:02.000Z' };
  const checkpoint = {
    kind: 'checkpoint',
    ...place,
    publicKey: PUBLIC_KEY,
    signature: sign(
      null,
      Buffer.from(checkpointText(place)),
      privateKey,
    ).toString('base64'),
  };
  return [
    ...lines,
    write(checkpoint),
    JSON.stringify({ kind: 'end', events: 3 }),
  ];
}

const messages = async (lines: string[]) =>
  (await verifyAudit(lines)).findings.map(({ message }) => message);

describe('verifyAudit', () => {
  it.each([
    ['as it was written', (value: object) => JSON.stringify(value)],
    [
      'in another order and with spaces',
      (value: object) =>
        JSON.stringify(
          Object.fromEntries(Object.entries(value).reverse()),
        ).replaceAll('":', '" : '),
    ],
  ])('takes a trail %s', async (_, write) => {
    const found = await verifyAudit(exported(write));
    expect(found).toMatchObject({ intact: true, sealed: 3, findings: [] });
  });

  it('finds an event that stands in a line twice', async () => {
    const lines = exported(value => JSON.stringify(value));
    lines[2] = lines[2].replace(
      /\}$/,
      `,"event":${JSON.stringify(event('forged'))}}`,
    );
    expect(await messages(lines)).toEqual([
      expect.stringContaining('was changed'),
    ]);
  });

  it.each([
    ['a line less', (lines: string[]) => lines.filter((_, n) => n !== 2)],
    [
      'two lines in another order',
      ([a, b, c, ...rest]: string[]) => [a, c, b, ...rest],
    ],
    [
      'no signature',
      (lines: string[]) => lines.filter(line => !line.includes('checkpoint')),
    ],
    ['no end', (lines: string[]) => lines.slice(0, -1)],
    ['something after the end', (lines: string[]) => [...lines, lines[1]]],
    ['nothing at all', () => []],
  ])('finds %s', async (_, change) => {
    const lines = change(exported(value => JSON.stringify(value)));
    expect(await messages(lines)).not.toEqual([]);
  });

  it('finds a trail that somebody without the key made anew', async () => {
    const lines = exported(value => JSON.stringify(value));
    const forged = lines.filter(line => !line.includes('checkpoint'));
    for (const options of [{}, { publicKey: PUBLIC_KEY }]) {
      const { findings } = await verifyAudit(forged, options);
      expect(findings.map(({ message }) => message)).toEqual([
        expect.stringContaining('nothing of it is signed'),
      ]);
    }
    const another = await verifyAudit(lines, { publicKey: 'another' });
    expect(another.intact).toBe(false);
    expect((await verifyAudit(lines, { publicKey: PUBLIC_KEY })).intact).toBe(
      true,
    );
  });
});
