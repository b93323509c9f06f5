import { AssetManagerError } from '@baseasset/client';

/**
 * What went wrong, and what a person can do about it.
 *
 * @public
 */
export function explainProblem(error: unknown): {
  title: string;
  description: string;
} {
  if (error instanceof AssetManagerError) {
    if (error.status === 404) {
      return {
        title: 'Not there',
        description: `${error.message}. It may have another name, or be for others alone.`,
      };
    }
    if (error.status === 403)
      return { title: 'Not allowed', description: error.message };
    if (error.status === 0) {
      return {
        title: 'Not reachable',
        description: `${error.message}. Is your network up?`,
      };
    }
    return { title: 'This did not work', description: error.message };
  }
  return {
    title: 'This did not work',
    description: error instanceof Error ? error.message : String(error),
  };
}
