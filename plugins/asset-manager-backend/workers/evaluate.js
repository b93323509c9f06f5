// @ts-check

/**
 * Evaluates expressions of the Common Expression Language, one at a time, in a thread
 * that whoever asks can end.
 */
const { parentPort } = require('node:worker_threads');
const { celEnv, isCelError, parse, plan } = require('@bufbuild/cel');

const environment = celEnv();

/** @param {{ expression: string, variables: object }} request */
function answer({ expression, variables }) {
  try {
    const value = plan(
      environment,
      parse(expression),
    )(/** @type {any} */ (variables));
    if (isCelError(value)) return { error: value.message };
    // Only whether it is true matters to a rule; the rest need not cross the border.
    return { value: typeof value === 'boolean' ? value : String(typeof value) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', request => parentPort?.postMessage(answer(request)));
