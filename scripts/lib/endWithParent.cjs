// Loaded into the portal by --require: ends it when whoever started it is gone,
// however that ended. Its standard input is a pipe that closes then.
'use strict';
process.stdin.on('close', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.on('error', () => {});
process.stdin.resume();
