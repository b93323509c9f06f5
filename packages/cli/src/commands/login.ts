import type { Command } from '../Command';
import { EXIT, CommandError } from '../lib/exit';
import { LoginStore } from '../lib/LoginStore';
import { normalizeServer } from '../lib/Session';

const OPENERS: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Opens an address in the browser. @returns whether there was one to open it with */
export function openBrowser(url: string): Promise<boolean> {
  return import('node:child_process').then(
    ({ spawn }) =>
      new Promise(resolve => {
        const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
        const child = spawn(program, [...args, url], {
          stdio: 'ignore',
          detached: true,
        });
        child.once('error', () => resolve(false));
        child.once('spawn', () => {
          child.unref();
          resolve(true);
        });
      }),
  );
}

export const login: Command = {
  name: 'login',
  group: 'account',
  summary: "sign in as the portal's user",
  details: [
    'Opens the portal in the browser, where you are signed in already or sign in as ever, and',
    'keeps the login in a file that nobody else may read. It is renewed by itself, so that a',
    'long push is not cut off. In CI, set ASSET_SERVER, and ASSET_TOKEN or',
    'ASSET_SERVICE_ACCOUNT, instead.',
  ],
  args: [],
  options: {
    as: {
      type: 'string',
      value: 'PERSON',
      description: "sign in as one of the demo's sample people",
    },
    'no-browser': {
      type: 'boolean',
      description: 'print the address instead of opening it',
    },
  },
  examples: [
    {
      line: 'asset login --server https://portal.example.com',
      does: 'sign in with the browser',
    },
    {
      line: 'asset login --server http://localhost:7007 --as maya',
      does: 'sign in at the demo',
    },
  ],
  async run(context, { options }) {
    const store = new LoginStore(context.environment);
    const known = await store.find();
    const named = context.namedServer ?? known?.server;
    if (!named) {
      throw new CommandError(EXIT.usage, 'no portal is named', [
        'name it: asset login --server https://your-portal',
      ]);
    }
    const server = normalizeServer(named);
    const { signInAsDemoPerson, signInWithBrowser } = await import(
      '../lib/signIn'
    );
    const person = options.text('as');
    const made = person
      ? await signInAsDemoPerson(server, person)
      : await signInWithBrowser(server, async url => {
          const opened =
            !options.flag('no-browser') && (await openBrowser(url));
          context.stderr.write(
            opened
              ? `Waiting for you to sign in in the browser. If it did not open:\n  ${url}\n`
              : `Open this address to sign in:\n  ${url}\n`,
          );
        });
    await store.put(made);
    if (context.json) context.printJson({ server, subject: made.subject });
    else
      context.print(`Signed in at ${server} as ${made.subject ?? 'somebody'}`);
    if (made.renewal.kind === 'none') {
      context.warn(
        'the portal gives no refresh token, so this login ends within the hour; an operator can set auth.experimentalRefreshToken.enabled: true',
      );
    }
  },
};
