import type { Command } from '../Command';
import { LoginStore } from '../lib/LoginStore';
import { normalizeServer } from '../lib/Session';

export const logout: Command = {
  name: 'logout',
  group: 'account',
  summary: 'forget the login',
  args: [],
  options: {},
  examples: [
    { line: 'asset logout', does: 'forget the login that was made last' },
  ],
  async run(context) {
    const store = new LoginStore(context.environment);
    const named = context.namedServer;
    const standing = await store.find(
      named === undefined ? undefined : normalizeServer(named),
    );
    if (standing) await store.remove(standing.server);
    if (context.json) context.printJson({ server: standing?.server ?? null });
    else
      context.print(
        standing
          ? `Signed out at ${standing.server}`
          : 'You were not signed in',
      );
  },
};
