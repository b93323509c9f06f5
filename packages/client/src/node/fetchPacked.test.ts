import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import { findRuns } from './fetchPacked';

const one = digestOf('one');
const two = digestOf('two');

/** The files of a page that are wanted, by their position in it. */
const wanted = (sizes: number[], ...indexes: number[]) =>
  indexes.map(index => ({
    path: `${index}`,
    size: sizes[index],
    digest: digestOf(`${index}`),
    page: 0,
    index,
  }));
const ranges = (runs: ReturnType<typeof findRuns>) =>
  runs.map(({ pack, start, end, files }) => [
    pack,
    start,
    end,
    files.map(({ file }) => file.index),
  ]);

describe('runs', () => {
  it('hold files that stand behind each other, in the order of the pack', () => {
    const sizes = [10, 20, 30];
    const placement = {
      packs: [one],
      entries: [
        [0, 150],
        [0, 100],
        [0, 120],
      ] as [number, number][],
    };
    expect(ranges(findRuns(placement, sizes, wanted(sizes, 0, 1, 2)))).toEqual([
      [one, 100, 160, [1, 2, 0]],
    ]);
  });

  it('go over a file that is not wanted, and not over bytes of nobody', () => {
    const sizes = [10, 10, 10, 10];
    const placement = {
      packs: [one, two],
      entries: [[0, 100], [0, 110], [0, 120], null] as (
        | [number, number]
        | null
      )[],
    };
    expect(ranges(findRuns(placement, sizes, wanted(sizes, 0, 2, 3)))).toEqual([
      [one, 100, 130, [0, 2]],
    ]);
    // What stood between them belongs to the asset no more.
    placement.entries[1] = [1, 0];
    expect(ranges(findRuns(placement, sizes, wanted(sizes, 0, 1, 2)))).toEqual([
      [one, 100, 110, [0]],
      [one, 120, 130, [2]],
      [two, 0, 10, [1]],
    ]);
  });

  it('begin anew when more would be read for nothing than a request costs', () => {
    const sizes = [10, 200_000, 10];
    const placement = {
      packs: [one],
      entries: [
        [0, 100],
        [0, 110],
        [0, 200_110],
      ] as [number, number][],
    };
    expect(ranges(findRuns(placement, sizes, wanted(sizes, 0, 2)))).toEqual([
      [one, 100, 110, [0]],
      [one, 200_110, 200_120, [2]],
    ]);
  });

  it('read once what two paths of the page share', () => {
    const sizes = [10, 10];
    const placement = {
      packs: [one],
      entries: [
        [0, 100],
        [0, 100],
      ] as [number, number][],
    };
    expect(ranges(findRuns(placement, sizes, wanted(sizes, 0)))).toEqual([
      [one, 100, 110, [0]],
    ]);
  });
});
