/** `npm run pack`: tarballs of what is published, into `dist/packages`. */
import path from 'node:path';
import { pack } from './lib/pack.mjs';
import { root, setUp } from './lib/tools.mjs';

pack(setUp(), path.join(root, 'dist/packages'));
