const encoder = new TextEncoder();

/** Printable ASCII without the backslash: one byte each. */
const PLAIN = /^[ -[\]-~]*$/;
/** A part that is empty, `.` or `..`. */
const ODD_PART = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * What is wrong with a path in a version, or undefined when nothing is.
 *
 * @public
 */
export function pathProblem(path: string): string | undefined {
  // Nearly all are of this kind, and there may be millions.
  if (path.length <= 255 && PLAIN.test(path) && !ODD_PART.test(path))
    return undefined;
  if (path === '') return 'it is empty';
  if (path.startsWith('/')) return 'it begins with a slash';
  if (!isWellFormed(path)) return 'it is not well-formed Unicode';
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'it holds a control character';
  if (path.includes('\\')) return 'it holds a backslash';
  let bytes = 0;
  for (const segment of path.split('/')) {
    if (segment === '') return 'it has an empty part';
    if (segment === '.' || segment === '..')
      return `it has the part '${segment}'`;
    const length = encoder.encode(segment).length;
    if (length > 255) return 'a part of it has more than 255 bytes';
    bytes += length + 1;
  }
  if (bytes - 1 > 4096) return 'it has more than 4096 bytes';
  return undefined;
}

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(
    text,
  );
}

/**
 * Compares two paths by their UTF-8 bytes, which is the order of their code
 * points and not of JavaScript's UTF-16 units.
 *
 * @public
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x !== y) {
      // Surrogates stand for code points above all of the basic plane.
      if (x >= 0xd800 && y >= 0xd800) {
        x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
        y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
      }
      return x - y;
    }
  }
  return a.length - b.length;
}
