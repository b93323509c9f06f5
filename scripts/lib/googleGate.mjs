/**
 * Stands before fake-gcs-server and holds signed requests to what Google
 * documents and that server does not check: the V4 signature over the canonical
 * request, its expiry, the CRC32C of the body and the generation precondition of
 * the XML API. Everything else passes as it is.
 *
 * Source: Google's pages "V4 signing process", "Canonical requests" and "HTTP
 * headers and query string parameters for XML API".
 */
import { createHash, createVerify } from 'node:crypto';
import http from 'node:http';

const TOLERATED_SKEW_MS = 15 * 60 * 1000;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++)
    value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

function crc32c(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff];
  const result = Buffer.alloc(4);
  result.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return result.toString('base64');
}

const encode = text =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** What is wrong with a signed request, or undefined. */
function signatureProblem(req, url, publicKey) {
  const query = url.searchParams;
  const signature = query.get('X-Goog-Signature');
  const signedHeaders = (query.get('X-Goog-SignedHeaders') ?? '').split(';');
  if (query.get('X-Goog-Algorithm') !== 'GOOG4-RSA-SHA256')
    return 'another algorithm';
  const date = query.get('X-Goog-Date') ?? '';
  const began = Date.parse(
    date.replace(
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
      '$1-$2-$3T$4:$5:$6Z',
    ),
  );
  const seconds = Number(query.get('X-Goog-Expires'));
  if (!(Date.now() < began + seconds * 1000)) return 'it has expired';
  if (began > Date.now() + TOLERATED_SKEW_MS) return 'it is not valid yet';
  // Whoever signs may leave out a header; a header of ours that is sent must be signed.
  for (const name of Object.keys(req.headers))
    if (name.startsWith('x-goog-') && !signedHeaders.includes(name))
      return `${name} is not signed`;
  const headers = signedHeaders.map(name => {
    // The library signs the host without the port that an emulator has.
    const value = name === 'host' ? url.hostname : req.headers[name];
    return `${name}:${value ?? ''}\n`;
  });
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Goog-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonical = [
    req.method,
    url.pathname,
    canonicalQuery,
    headers.join(''),
    signedHeaders.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const scope = (query.get('X-Goog-Credential') ?? '')
    .split('/')
    .slice(1)
    .join('/');
  const toSign = [
    'GOOG4-RSA-SHA256',
    date,
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const right = createVerify('RSA-SHA256')
    .update(toSign)
    .verify(publicKey, signature ?? '', 'hex');
  return right ? undefined : 'the signature does not match';
}

async function bodyOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** As a bucket answers whose CORS rules are those of our documentation, for every origin. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, PUT',
  'access-control-allow-headers':
    'Content-Type, Range, x-goog-hash, x-goog-if-generation-match',
  'access-control-expose-headers': 'Content-Range, ETag',
};

const answer = (res, status, text) => res.writeHead(status, CORS).end(text);

/** @returns how many bytes signed requests have carried, and how to stop it */
export async function startGoogleGate({ port, upstream, publicKey }) {
  const counts = { signedPuts: 0, signedGets: 0, refused: 0 };
  const agent = new http.Agent({ keepAlive: true });

  /** Bytes that resumable uploads have brought, by their session; `done` once the object stands. */
  const received = new Map();

  /** What is on its way to a session: its end is waited for before anything else is said. */
  const underway = new Map();

  /**
   * What the emulator does not do for a resumable upload: say how much of it has
   * come, when it is asked with a `Content-Range` that names no bytes, and pass
   * over bytes that it has already, or that come too early.
   */
  async function answerOfSession(req, res) {
    const session = req.url;
    const [, start] =
      /^bytes (\*|\d+-\d+)\//.exec(req.headers['content-range'] ?? '') ?? [];
    if (req.method !== 'PUT' || start === undefined) return false;
    await underway.get(session);
    const bytes = received.get(session);
    if (bytes === 'done') {
      req.resume();
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      return true;
    }
    if (bytes === undefined || start.startsWith(`${bytes}-`)) return false;
    req.resume();
    res
      .writeHead(308, bytes > 0 ? { Range: `bytes=0-${bytes - 1}` } : {})
      .end();
    return true;
  }

  function hearOfSession(req, response) {
    const { location } = response.headers;
    if (req.method === 'POST' && /uploadType=resumable/.test(req.url)) {
      if (location) {
        const { pathname, search } = new URL(location);
        received.set(`${pathname}${search}`, 0);
      }
      return;
    }
    const [, last] =
      /^bytes \d+-(\d+)\//.exec(req.headers['content-range'] ?? '') ?? [];
    if (req.method !== 'PUT' || last === undefined) return;
    if (response.statusCode === 308) received.set(req.url, Number(last) + 1);
    else if (response.statusCode < 300) received.set(req.url, 'done');
  }

  function forward(req, res, body) {
    const request = http.request(
      `${upstream}${req.url}`,
      { method: req.method, headers: req.headers, agent },
      response => {
        hearOfSession(req, response);
        res.writeHead(response.statusCode, { ...response.headers, ...CORS });
        response.pipe(res);
      },
    );
    request.on('error', () => res.destroy());
    underway.set(
      req.url,
      new Promise(resolve => {
        request.on('close', resolve);
      }),
    );
    req.on('close', () => {
      if (!req.complete) request.destroy();
    });
    if (body) request.end(body);
    else req.pipe(request);
  }

  /** A deletion that is meant for another generation of the object: the JSON API's `ifGenerationMatch`. */
  async function isOutdated(req, url) {
    const wanted = url.searchParams.get('ifGenerationMatch');
    if (req.method !== 'DELETE' || wanted === null) return false;
    const standing = await fetch(`${upstream}${url.pathname}`);
    const { generation } = await standing.json();
    return standing.ok && generation !== wanted;
  }

  async function handle(req, res) {
    const url = new URL(req.url, `http://${req.headers.host}`);
    if (!url.searchParams.has('X-Goog-Signature')) {
      if (await answerOfSession(req, res)) return;
      if (await isOutdated(req, url)) answer(res, 412, 'written anew since');
      else forward(req, res);
      return;
    }
    if (req.method === 'OPTIONS') {
      answer(res, 200);
      return;
    }
    const body = await bodyOf(req);
    const refuse = (status, text) => {
      counts.refused++;
      answer(res, status, text);
    };
    const problem = signatureProblem(req, url, publicKey);
    if (problem) {
      refuse(403, problem);
      return;
    }
    if (req.method === 'PUT') {
      const [bucket, ...name] = url.pathname.slice(1).split('/');
      if (req.headers['x-goog-hash'] !== `crc32c=${crc32c(body)}`) {
        refuse(400, 'the bytes have another CRC32C');
        return;
      }
      const standing = await fetch(
        `${upstream}/storage/v1/b/${bucket}/o/${encodeURIComponent(
          decodeURIComponent(name.join('/')),
        )}`,
      );
      await standing.arrayBuffer();
      if (req.headers['x-goog-if-generation-match'] === '0' && standing.ok) {
        refuse(412, 'the object stands already');
        return;
      }
      counts.signedPuts++;
    } else {
      counts.signedGets++;
    }
    forward(req, res, body);
  }

  const server = http.createServer((req, res) => {
    // A client that is killed in the middle breaks its request off.
    handle(req, res).catch(() => res.destroy());
  });
  await new Promise(resolve => server.listen(port, '127.0.0.1', resolve));
  return {
    counts,
    async stop() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
