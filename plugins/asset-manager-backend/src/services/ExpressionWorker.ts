import events from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { resolvePackagePath } from '@backstage/backend-plugin-api';
import type { ExpressionEvaluator } from '../model/gates/celGate';

const LIMIT_MS = 500;
/** The thread itself takes a while to begin, which is no fault of an expression. */
const START_MS = 10_000;
const MEMORY_MB = 64;

interface Answer {
  value?: unknown;
  error?: string;
}

/**
 * Evaluates expressions in a thread of their own, one after the other, and ends the
 * thread when one takes too long.
 */
export class ExpressionWorker implements ExpressionEvaluator {
  #worker: Promise<Worker> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  async evaluate(expression: string, variables: object): Promise<unknown> {
    const answer = this.#turn.then(() => this.#ask(expression, variables));
    this.#turn = answer.catch(() => {});
    const { value, error } = await answer;
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async stop(): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #ask(expression: string, variables: object): Promise<Answer> {
    const worker = await this.#running();
    const asked = once(worker, LIMIT_MS);
    worker.postMessage({
      expression,
      // Expressions know values and what is absent, and nothing that is undefined.
      variables: JSON.parse(JSON.stringify(variables)),
    });
    try {
      return (await asked) as Answer;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** The thread, which begins anew after it has ended for whatever reason. */
  async #running(): Promise<Worker> {
    this.#worker ??= start();
    const starting = this.#worker;
    const forget = () => {
      if (this.#worker === starting) this.#worker = undefined;
    };
    try {
      const worker = await starting;
      if (worker.listenerCount('exit') === 0) worker.once('exit', forget);
      return worker;
    } catch (error) {
      forget();
      throw error;
    }
  }
}

/** A thread that has answered once. */
async function start(): Promise<Worker> {
  const worker = new Worker(
    resolvePackagePath(
      '@baseasset/backstage-plugin-asset-manager-backend',
      'workers',
      'evaluate.js',
    ),
    {
      // What the process was started with is no matter of the thread.
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    },
  );
  worker.unref();
  // Whoever waits for an answer hears of it; when nobody does, the next one starts another.
  worker.on('error', () => {});
  const ready = once(worker, START_MS);
  worker.postMessage({ expression: 'true', variables: {} });
  await ready;
  return worker;
}

/** The next answer of a thread. @throws Error when there is none in time */
function once(worker: Worker, limitMs: number): Promise<unknown> {
  const waiting = new AbortController();
  const { signal } = waiting;
  return Promise.race([
    events.once(worker, 'message', { signal }).then(([answer]) => answer),
    events.once(worker, 'exit', { signal }).then(() => {
      throw new Error('the thread that evaluates it ended');
    }),
    setTimeout(limitMs, undefined, { signal }).then(() => {
      throw new Error(`it takes longer than ${limitMs} milliseconds`);
    }),
  ]).finally(() => waiting.abort());
}
