import http from 'node:http';
import https from 'node:https';

/** What came back of a request. */
export interface Reply {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

/**
 * Makes a request with a body that may take long to send: time counts only while
 * nothing moves on the line, which `fetch` can't tell.
 *
 * @param options.patience - milliseconds
 * @returns undefined when the line broke, or nothing moved on it for too long
 */
export function requestOf(
  url: string,
  options: {
    method: string;
    headers?: Record<string, string>;
    body?: Buffer | string;
    patience: number;
  },
): Promise<Reply | undefined> {
  const { method, headers, body, patience } = options;
  const { request } = url.startsWith('https:') ? https : http;
  return new Promise(resolve => {
    const broken = () => resolve(undefined);
    const sent = request(
      url,
      {
        method,
        headers: {
          ...headers,
          'Content-Length': `${
            body === undefined ? 0 : Buffer.byteLength(body)
          }`,
        },
      },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', broken);
        response.on('close', broken);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.setTimeout(patience, () => sent.destroy());
    sent.on('error', broken);
    sent.on('close', broken);
    sent.end(body);
  });
}
