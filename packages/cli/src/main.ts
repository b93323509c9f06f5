import { EXIT } from './lib/exit';
import { runCommandLine } from './runCommandLine';

let ended = false;

// A reader such as `head` that has seen enough is no error.
process.stdout.on('error', error => {
  if ((error as { code?: string }).code !== 'EPIPE') throw error;
  ended = true;
  process.exit(EXIT.done);
});

// Node ends a program that waits for what will never come, and calls that a success.
process.on('exit', code => {
  if (ended || code !== EXIT.done) return;
  process.stderr.write('error: the program ended in the middle of its work\n');
  process.exitCode = EXIT.failed;
});

/** Whatever hangs may not keep the program from ending. */
const GRACE_MS = 5000;
const giveUpSoon = () => setTimeout(() => process.exit(130), GRACE_MS).unref();

let interrupts = 0;
runCommandLine(process.argv.slice(2), {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt(listener) {
    process.on('SIGINT', () => {
      interrupts++;
      // The second one does not wait for anything.
      if (interrupts > 1) process.exit(130);
      giveUpSoon();
      listener();
    });
    process.on('SIGTERM', () => {
      giveUpSoon();
      listener();
    });
  },
}).then(code => {
  ended = true;
  process.exitCode = code;
  // Handlers of signals and idle connections keep a program alive.
  const end = () => process.exit(code);
  if (process.stdout.writableLength === 0) end();
  else process.stdout.once('drain', end);
});
