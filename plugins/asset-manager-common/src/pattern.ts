/**
 * Whether a text is what a pattern says, where `*` stands for any text and nothing
 * else is special. It takes a time that grows with both lengths and no more.
 *
 * @public
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first, ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return text === first;
  if (
    text.length < first.length + last.length ||
    !text.startsWith(first) ||
    !text.endsWith(last)
  )
    return false;
  const inner = text.slice(first.length, text.length - last.length);
  let at = 0;
  for (const part of parts) {
    const found = inner.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return true;
}
