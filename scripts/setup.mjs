/** `npm run setup`: gets what is missing, and nothing more. */
import { say, setUp } from './lib/tools.mjs';

const { node } = setUp();
say(`Everything is there. Node: ${node}`);
