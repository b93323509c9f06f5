/** How many letters have to be put in, taken out, changed or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
      }
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}

/**
 * The three names that were most likely meant, where any is close enough: by a
 * quarter of the letters at most.
 *
 * @public
 */
export function closeTo(meant: string, names: readonly string[]): string[] {
  const text = meant.toLocaleLowerCase('en-US');
  const limit = Math.max(1, Math.floor(text.length / 4));
  return names
    .map(name => ({
      name,
      far: distance(text, name.toLocaleLowerCase('en-US')),
    }))
    .filter(({ far }) => far <= limit)
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
}
