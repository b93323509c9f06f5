import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigReader } from '@backstage/config';
import { createS3BlobStore } from './createS3BlobStore';

/** What a server answers that was asked for the rules of a bucket. */
async function rulesOf(status: number, body: string) {
  const asked: string[] = [];
  const server = http.createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    res.writeHead(status, { 'Content-Type': 'application/xml' }).end(body);
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  try {
    const rules = await createS3BlobStore(
      new ConfigReader({
        bucket: 'team',
        prefix: 'assets/',
        endpoint: `http://127.0.0.1:${port}`,
        forcePathStyle: true,
      }),
    ).rules();
    expect(asked).toEqual(['GET /team/?lifecycle=']);
    return rules;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const configured = (...rules: string[]) =>
  `<LifecycleConfiguration>${rules
    .map(rule => `<Rule><Status>Enabled</Status>${rule}</Rule>`)
    .join('')}</LifecycleConfiguration>`;
const expires = (days: number) =>
  `<Expiration><Days>${days}</Days></Expiration>`;
const aborts = (days: number) =>
  `<AbortIncompleteMultipartUpload><DaysAfterInitiation>${days}</DaysAfterInitiation></AbortIncompleteMultipartUpload>`;
const prefixed = (prefix: string) =>
  `<Filter><Prefix>${prefix}</Prefix></Filter>`;
const error = (code: string) => `<Error><Code>${code}</Code></Error>`;

describe('the rules of an S3 bucket', () => {
  beforeAll(() => {
    process.env.AWS_ACCESS_KEY_ID ??= 'id';
    process.env.AWS_SECRET_ACCESS_KEY ??= 'key';
  });

  it.each([
    ['everything', `<Filter/>${expires(30)}`, 30],
    ['a prefix above ours', `${prefixed('as')}${expires(30)}`, 30],
    ['a prefix under ours', `${prefixed('assets/01')}${expires(30)}`, 30],
    ['an old prefix', `<Prefix>assets/</Prefix>${expires(30)}`, 30],
    [
      'a day',
      '<Filter/><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>',
      undefined,
    ],
  ])('delete blobs by %s', async (_, rule, afterDays) => {
    expect(await rulesOf(200, configured(rule))).toEqual([
      { deletes: 'blobs', afterDays },
    ]);
  });

  it.each([
    ['another prefix', `${prefixed('logs/')}${expires(30)}`],
    [
      'objects with a tag',
      `<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>${expires(30)}`,
    ],
    [
      'objects with a tag, and a prefix',
      `<Filter><And><Prefix>assets/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>${expires(
        30,
      )}`,
    ],
    [
      'former versions of objects',
      '<Filter/><NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>',
    ],
  ])('are no matter of ours for %s', async (_, rule) => {
    expect(await rulesOf(200, configured(rule))).toEqual([]);
  });

  it('abort unfinished uploads', async () => {
    expect(
      await rulesOf(
        200,
        configured(`<Filter/>${aborts(9)}`, `${prefixed('logs/')}${aborts(1)}`),
      ),
    ).toEqual([{ deletes: 'parts', afterDays: 9 }]);
  });

  it('are none when they are switched off, or were never written', async () => {
    const off = configured(`<Filter/>${expires(30)}`).replace(
      'Enabled',
      'Disabled',
    );
    expect(await rulesOf(200, off)).toEqual([]);
    expect(await rulesOf(404, error('NoSuchLifecycleConfiguration'))).toEqual(
      [],
    );
  });

  it('are unknown to some servers, and not to be seen by everybody', async () => {
    expect(await rulesOf(501, error('NotImplemented'))).toBeUndefined();
    await expect(rulesOf(403, error('AccessDenied'))).rejects.toThrow(
      expect.objectContaining({ name: 'NotAllowedError' }),
    );
  });
});
