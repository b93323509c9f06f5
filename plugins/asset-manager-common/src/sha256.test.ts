/** The one way or the other, as a runtime without Node's modules would take it. */
function load(withNode: boolean): typeof import('./sha256') {
  const { process } = globalThis;
  let loaded: typeof import('./sha256') | undefined;
  jest.isolateModules(() => {
    if (!withNode)
      Object.defineProperty(globalThis, 'process', {
        value: undefined,
        configurable: true,
        writable: true,
      });
    try {
      loaded = require('./sha256');
    } finally {
      globalThis.process = process;
    }
  });
  return loaded!;
}

// The first two are the examples of FIPS 180-4.
const EXAMPLES: [string, string][] = [
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
];

it.each([
  ['Node', true],
  ['a browser', false],
])('hashes texts and bytes in %s', (_, withNode) => {
  const { sha256Hex } = load(withNode);
  for (const [text, digest] of EXAMPLES) {
    expect(sha256Hex(text)).toBe(digest);
    expect(sha256Hex(new TextEncoder().encode(text))).toBe(digest);
  }
  expect(sha256Hex('Ωμέγα')).toBe(sha256Hex(new TextEncoder().encode('Ωμέγα')));
});
