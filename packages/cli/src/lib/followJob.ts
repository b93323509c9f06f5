import type { Context } from './Context';
import { CommandError } from './exit';

const POLL_MS = 500;

interface Job {
  state: 'queued' | 'running' | 'done' | 'failed';
}

/** Follows a job of the portal to its end, with a progress bar; the job does not need us. */
export async function followJob<T extends Job>(
  context: Context,
  begun: T,
  options: {
    /** What is being done, for the bar. */
    doing: string;
    done: (job: T) => number;
    total: (job: T) => number;
    /** What the numbers are; bytes when left out. */
    unit?: 'bytes' | 'items';
    /** The job as it is now; undefined when it can't be seen any more. */
    refresh: () => Promise<T | undefined>;
    /** The command that shows it later. */
    toSee: string;
  },
): Promise<T> {
  const bar = context.progress();
  let job = begun;
  try {
    while (job.state === 'queued' || job.state === 'running') {
      context.signal.throwIfAborted();
      bar.update(
        options.doing,
        options.done(job),
        options.total(job),
        '',
        options.unit,
      );
      await new Promise(resolve => {
        setTimeout(resolve, POLL_MS);
      });
      job = (await options.refresh()) ?? job;
    }
    return job;
  } catch (error) {
    if (context.signal.aborted)
      throw new CommandError(130, 'It goes on without this command.', [
        `to see how far it is: ${options.toSee}`,
      ]);
    throw error;
  } finally {
    bar.clear();
  }
}
