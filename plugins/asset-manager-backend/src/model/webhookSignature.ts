import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the clocks of two machines may be apart, and how late a request may come. */
export const TOLERANCE_MS = 5 * 60_000;

/** The header that carries the signature of a webhook, in both directions. */
export const SIGNATURE_HEADER = 'Asset-Manager-Signature';

const digestOf = (secret: string, time: number, body: string) =>
  createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');

/**
 * `t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256>` over the time, a dot and the
 * body.
 *
 * @param time - milliseconds since 1970
 */
export function signWebhook(
  secret: string,
  time: number,
  body: string,
): string {
  const seconds = Math.floor(time / 1000);
  return `t=${seconds},v1=${digestOf(secret, seconds, body)}`;
}

/**
 * Whether a header is a signature over a body, of about now.
 *
 * @param now - milliseconds since 1970
 */
export function isSignedWebhook(
  secret: string,
  header: string | undefined,
  body: string,
  now: number,
): boolean {
  const [, time, given] =
    /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? [];
  if (time === undefined) return false;
  const isFresh = Math.abs(now - Number(time) * 1000) <= TOLERANCE_MS;
  const right = digestOf(secret, Number(time), body);
  return timingSafeEqual(Buffer.from(right), Buffer.from(given)) && isFresh;
}
