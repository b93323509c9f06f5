/** The demo as a person starts and ends it. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import { freePort } from '../scripts/lib/postgres.mjs';
import { root } from '../scripts/lib/tools.mjs';
import { personAt, temporaryFolder, until } from './support.mjs';

/** The processes that name a folder on their command line or in their environment. */
function processesOf(folder) {
  return fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(pid => {
      try {
        return fs
          .readFileSync(`/proc/${pid}/environ`, 'utf8')
          .includes(`DATA_DIR=${folder}\0`);
      } catch {
        return false;
      }
    });
}

describe('npm run demo', () => {
  it('starts with samples, ends with all that it started, and keeps its data', async t => {
    if (process.platform !== 'linux') {
      t.skip('processes are looked up in /proc');
      return;
    }
    const folder = temporaryFolder('demo');
    // Whatever fails: nothing may stay that keeps the test waiting.
    t.after(() => {
      for (const pid of processesOf(folder))
        process.kill(Number(pid), 'SIGKILL');
    });
    const port = await freePort();
    const start = async () => {
      const child = spawn('npm', ['run', 'demo'], {
        cwd: root,
        env: { ...process.env, PORT: `${port}`, DATA_DIR: folder },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', chunk => {
          said += chunk;
        });
      }
      const ended = new Promise(resolve => child.once('exit', resolve));
      await until(
        () => said.includes('Ctrl-C ends it') || child.exitCode !== null,
        `the start (${said})`,
        180,
      );
      assert.match(said, /Four things to try/);
      return { child, ended, said };
    };

    const first = await start();
    const maya = personAt({ url: `http://localhost:${port}` }, 'maya');
    await maya.signIn();
    const { items } = await maya.json('list');
    assert.ok(
      items.some(asset => asset.name === 'lambda' && asset.versionCount === 1),
    );
    assert.ok(items.length === 4 || /SKIPPED/.test(first.said), first.said);
    assert.ok(processesOf(folder).length >= 2);
    first.child.kill('SIGTERM');
    await first.ended;
    await until(
      () => processesOf(folder).length === 0,
      'the end of all processes',
      15,
    );

    const started = Date.now();
    const second = await start();
    assert.ok(Date.now() - started < 45_000, 'the second start must be quick');
    assert.doesNotMatch(second.said, /pushed/);
    assert.equal((await maya.json('list')).items.length, items.length);
    // As a terminal does it: to all processes at once.
    execFileSync('kill', ['-INT', ...processesOf(folder)]);
    await until(
      () => processesOf(folder).length === 0,
      'the end after Ctrl-C',
      15,
    );
    fs.rmSync(folder, { recursive: true, force: true });
  });
});
