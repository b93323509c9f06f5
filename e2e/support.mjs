/** What the end-to-end tests share: a portal of their own, people with command lines, and a browser. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../scripts/lib/postgres.mjs';
import { startPortal } from '../scripts/lib/portal.mjs';
import { root, setUp, toolsDirectory } from '../scripts/lib/tools.mjs';

const require = createRequire(path.join(root, 'package.json'));

/** The oldest Node that the command line promises to run on, where the machine has it. */
const cliNode = process.env.HOST_NODE ?? process.execPath;

export const tools = setUp();

export function temporaryFolder(name) {
  return fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`));
}

/** Writes files into a new folder. */
export function folderOf(files) {
  const folder = temporaryFolder('files');
  for (const [name, content] of Object.entries(files)) {
    const target = path.join(folder, name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content);
  }
  return folder;
}

/**
 * The built portal, on a port and in a folder of its own.
 *
 * @param options.configuration - more of the app-config, as an object
 * @param options.dataDirectory - where it keeps everything; a new folder when left out
 * @param options.environment - more of the environment
 * @param options.port - its port; a free one when left out
 */
export async function openPortal(options = {}) {
  const { configuration, environment } = options;
  const dataDirectory = options.dataDirectory ?? temporaryFolder('portal');
  const port = options.port ?? (await freePort());
  const configs = ['app-config.yaml', 'app-config.demo.yaml'].map(name =>
    path.join(root, name),
  );
  const own = path.join(dataDirectory, 'app-config.test.yaml');
  fs.mkdirSync(dataDirectory, { recursive: true });
  fs.writeFileSync(
    own,
    JSON.stringify({
      assetManager: { validateResponses: true },
      ...configuration,
    }),
  );
  configs.push(own);
  const settings = { tools, port, dataDirectory, configs, environment };
  let running = await startPortal(settings);
  return {
    url: running.url,
    dataDirectory,
    pid: () => running.pid,
    log: () => fs.readFileSync(running.log, 'utf8'),
    async kill() {
      await running.stop('SIGKILL');
    },
    async restart() {
      running = await startPortal(settings);
    },
    async close() {
      await running.stop();
      fs.rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/**
 * A person with a machine of their own: a home folder, a cache and the command line.
 *
 * @param environment - more of the environment of their command lines
 */
export function personAt(portal, name, environment = {}) {
  const home = temporaryFolder(name);
  const env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, 'config'),
    BASEASSET_CACHE: path.join(home, 'cache'),
    ASSET_SERVER: portal.url,
    ASSET_TOKEN: '',
    NO_COLOR: '1',
    ...environment,
  };
  const start = (args, options = {}) => {
    let child;
    const ended = new Promise(resolve => {
      child = execFile(
        cliNode,
        [path.join(root, 'packages/cli/bin/asset.cjs'), ...args],
        {
          env: { ...env, ...options.env },
          cwd: options.cwd ?? home,
          encoding: options.encoding ?? 'utf8',
          maxBuffer: 64 * 1024 * 1024,
          timeout: options.timeout ?? 120_000,
        },
        (error, stdout, stderr) =>
          resolve({
            code: error ? error.code ?? error.signal : 0,
            stdout,
            stderr,
          }),
      );
    });
    return { child, ended };
  };
  const asset = (...args) => start(args).ended;
  return {
    name,
    home,
    env,
    start,
    asset,
    /** Runs a line that has to succeed. @returns what it printed */
    async ok(...args) {
      const { code, stdout, stderr } = await asset(...args);
      if (code !== 0)
        throw new Error(
          `asset ${args.join(' ')} ended with ${code}: ${stderr}`,
        );
      return stdout;
    },
    async json(...args) {
      return JSON.parse(await this.ok(...args, '--json'));
    },
    /** What a request of theirs without the command line carries. */
    headers() {
      const logins = path.join(home, 'config/baseasset/logins.json');
      const [{ accessToken }] = JSON.parse(fs.readFileSync(logins)).logins;
      return { Authorization: `Bearer ${accessToken}` };
    },
    /** Signs in, as soon as the catalog knows the sample people. */
    async signIn() {
      for (let attempt = 0; ; attempt++) {
        const { code, stderr } = await asset('login', '--as', name);
        if (code === 0) return;
        if (attempt === 60) throw new Error(stderr);
        await new Promise(resolve => setTimeout(resolve, 500));
      }
    },
  };
}

/** Waits until a condition holds, which is asked for every so many milliseconds. */
export async function until(condition, what, seconds = 30, every = 250) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end)
      throw new Error(`${what} did not happen within ${seconds} s`);
    await new Promise(resolve => setTimeout(resolve, every));
  }
}

/** A real Chromium; undefined, with the reason, where there is none for this machine. */
export async function openBrowser() {
  const temporary = process.env.TMPDIR;
  try {
    // The package unpacks itself into the temporary folder, where it may stand already
    // as another user's; each checkout has its own.
    const unpacked = path.join(toolsDirectory, 'chromium');
    fs.mkdirSync(unpacked, { recursive: true });
    process.env.TMPDIR = unpacked;
    const { default: chromium } = await import(
      require.resolve('@sparticuz/chromium')
    );
    const executablePath = await chromium.executablePath();
    if (temporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporary;
    const { chromium: launcher } = require('playwright-core');
    const browser = await launcher.launch({
      executablePath,
      args: [
        ...chromium.args.filter(
          arg => !/single-process|headless|disable-web-security/.test(arg),
        ),
        '--no-sandbox',
        '--disable-background-networking',
      ],
      headless: true,
    });
    return { browser };
  } catch (error) {
    return { missing: error.message.split('\n')[0] };
  }
}

/** Keeps how a page looks, where SCREENSHOTS names a folder for it. */
export async function picture(page, name, { fullPage = true } = {}) {
  if (process.env.SCREENSHOTS)
    await page.screenshot({
      path: path.join(process.env.SCREENSHOTS, `${name}.png`),
      fullPage,
    });
}

/** A signed-in person's browser. What goes wrong in the page is collected. */
export async function pageOf(browser, portal, person, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.problems = [];
  page.foreignRequests = [];
  page.on('pageerror', error => page.problems.push(error.message));
  page.on('request', request => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== portal.url)
      page.foreignRequests.push(url.href);
  });
  await page.goto(`${portal.url}/assets`);
  await page.getByRole('button', { name: `Sign in as ${person}` }).click();
  await page.getByRole('heading', { name: 'Assets' }).waitFor();
  return page;
}
