import { UsageError } from './exit';

/** `--meta k=v`, where v is JSON when it reads as JSON and a text otherwise. */
export function readMetadata(pairs: readonly string[]): Record<string, never> {
  const metadata: Record<string, unknown> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1)
      throw new UsageError(
        `--meta ${JSON.stringify(pair)} has to be KEY=VALUE`,
      );
    const value = pair.slice(equals + 1);
    try {
      metadata[pair.slice(0, equals)] = JSON.parse(value);
    } catch {
      metadata[pair.slice(0, equals)] = value;
    }
  }
  return metadata as Record<string, never>;
}
