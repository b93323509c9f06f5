import type { Config } from '@backstage/config';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/**
 * The sample people sign in without a password, so they may exist on the own
 * machine only.
 *
 * @throws Error when this is a production installation, or one that others can reach
 */
export function assertDemo(
  config: Config,
  environment: string | undefined,
): void {
  if (environment === 'production') {
    throw new Error(
      'auth.providers.demo is configured, but NODE_ENV is production: the sample people sign in without a password. Remove auth.providers.demo.',
    );
  }
  for (const key of ['app.baseUrl', 'backend.baseUrl']) {
    const { hostname } = new URL(config.getString(key));
    if (!LOOPBACK.has(hostname)) {
      throw new Error(
        `auth.providers.demo is configured, but ${key} names the host ${hostname}: the sample people sign in without a password, and only on the own machine. Remove auth.providers.demo.`,
      );
    }
  }
}
