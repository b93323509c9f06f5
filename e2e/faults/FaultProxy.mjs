/**
 * Stands before a server and lets one request go wrong: the one that was named,
 * at the moment that was named. Everything else passes as it is.
 */
import http from 'node:http';

/** What can happen to a request. */
export const MOMENTS = [
  /** Before the server hears of it. */
  'before',
  /** While its body is on its way. */
  'during',
  /** After the server has done it: the answer is lost. */
  'after',
  /** The server is not asked: the answer is 503. */
  'refused',
];

/** No answer comes, and the line stays open: the server was never asked, or has done it. */
export const SILENCES = ['silent', 'silent once done'];

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);

function headersOf(message) {
  const headers = [];
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    const name = message.rawHeaders[index];
    if (!HOP_BY_HOP.has(name.toLowerCase()))
      headers.push(name, message.rawHeaders[index + 1]);
  }
  return headers;
}

export class FaultProxy {
  /** @param targets - ports; the first one that takes the connection is asked, in turns */
  static async start(targets) {
    const proxy = new FaultProxy(targets);
    await new Promise(resolve => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** Ports of the servers that take requests now, as a load balancer knows them. */
  targets;
  #turn = 0;
  #fault;
  #server = http.createServer((req, res) => {
    this.#pass(req, res, 0);
  });

  constructor(targets) {
    this.targets = targets;
    this.#server.keepAliveTimeout = 60_000;
  }

  get port() {
    return this.#server.address().port;
  }

  get url() {
    return `http://localhost:${this.port}`;
  }

  /**
   * @param fault.matches - whether a request, as `METHOD /path?query`, is of the kind
   * @param fault.nth - which of them goes wrong, from 1
   * @param fault.moment - one of `MOMENTS` or `SILENCES`
   * @param fault.strike - called with the port of the server that was asked
   */
  arm(fault) {
    this.#fault = { ...fault, seen: 0, struck: false };
  }

  /** @returns whether the fault has struck */
  disarm() {
    const struck = this.#fault?.struck ?? false;
    this.#fault = undefined;
    return struck;
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise(resolve => {
      this.#server.close(resolve);
    });
  }

  #faultFor(req) {
    const fault = this.#fault;
    if (!fault || fault.struck) return undefined;
    if (!fault.matches(`${req.method} ${req.url}`)) return undefined;
    fault.seen++;
    if (fault.seen !== fault.nth) return undefined;
    fault.struck = true;
    return fault;
  }

  #pass(req, res, attempt, faultOfFirst) {
    if (this.targets.length === 0) {
      res.writeHead(503, { 'Retry-After': '1' }).end();
      return;
    }
    const port = this.targets[this.#turn++ % this.targets.length];
    const fault = faultOfFirst ?? this.#faultFor(req);
    const strike = () => {
      fault.strike(port);
      req.socket.destroy();
    };
    if (fault?.moment === 'before') {
      strike();
      return;
    }
    if (fault?.moment === 'refused') {
      req.resume();
      res.writeHead(503, { 'Retry-After': '1' }).end();
      return;
    }
    if (fault?.moment === 'silent') {
      req.resume();
      return;
    }
    const forwarded = http.request({
      host: '127.0.0.1',
      port,
      method: req.method,
      path: req.url,
      headers: headersOf(req),
      setHost: false,
      agent: false,
    });
    let connected = false;
    forwarded.once('socket', socket => {
      socket.once('connect', () => {
        connected = true;
        req.pipe(forwarded);
        if (fault?.moment === 'during')
          setImmediate(() => {
            strike();
            forwarded.destroy();
          });
      });
    });
    forwarded.once('response', response => {
      if (fault?.moment === 'after') {
        response.resume();
        strike();
        return;
      }
      if (fault?.moment === 'silent once done') {
        response.resume();
        return;
      }
      res.writeHead(response.statusCode, headersOf(response));
      response.pipe(res);
      response.once('error', () => res.destroy());
    });
    forwarded.once('error', () => {
      // A server that is down takes nothing: the next one is asked, as a load balancer does.
      if (!connected && attempt + 1 < this.targets.length)
        this.#pass(req, res, attempt + 1, fault);
      else req.socket.destroy();
    });
    res.once('close', () => forwarded.destroy());
  }
}
