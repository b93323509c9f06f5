import { jsonRows } from './jsonRows';

const data = { 'a/b': [1, { deep: true }], text: 'x', none: null };

describe('jsonRows', () => {
  it('shows the top alone while it is closed', () => {
    expect(jsonRows(data, new Set())).toEqual([
      {
        pointer: '',
        depth: 0,
        name: undefined,
        value: data,
        size: 3,
        expanded: false,
      },
    ]);
  });

  it('shows the children of what is open, by their JSON pointers', () => {
    const rows = jsonRows(data, new Set(['', '/a~1b']));
    expect(rows.map(row => [row.pointer, row.depth, row.size])).toEqual([
      ['', 0, 3],
      ['/a~1b', 1, 2],
      ['/a~1b/0', 2, undefined],
      ['/a~1b/1', 2, 1],
      ['/text', 1, undefined],
      ['/none', 1, undefined],
    ]);
  });

  it('shows a plain value as one line', () => {
    expect(jsonRows(7, new Set(['']))).toHaveLength(1);
  });
});
