import os from 'node:os';
import path from 'node:path';
import { cacheDirectory, preferredStores } from './paths';

describe('what the environment says', () => {
  const usual = path.join(os.homedir(), '.cache/baseasset');

  it.each([
    [{}, usual],
    [{ BASEASSET_CACHE: '', XDG_CACHE_HOME: '' }, usual],
    [{ XDG_CACHE_HOME: 'relative' }, usual],
    [{ XDG_CACHE_HOME: '/caches' }, '/caches/baseasset'],
    [{ BASEASSET_CACHE: '/own', XDG_CACHE_HOME: '/caches' }, '/own'],
  ])('%j means the cache %s', (environment, directory) => {
    expect(cacheDirectory(environment)).toBe(directory);
  });

  it.each([
    [undefined, undefined],
    [' , ', undefined],
    ['near, far', ['near', 'far']],
  ])('%j means the stores %j', (BASEASSET_STORES, names) => {
    expect(preferredStores({ BASEASSET_STORES })).toEqual(names);
  });
});
