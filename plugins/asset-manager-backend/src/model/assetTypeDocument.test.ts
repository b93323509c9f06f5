import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SHIPPED_ASSET_TYPES } from '@baseasset/backstage-plugin-asset-manager-common';
import { readAssetTypeDocument } from './assetTypeDocument';
import { builtInGateKinds } from './gates/gateKinds';
import { metadataProblems } from './metadataSchema';

const document = (spec: string) => `apiVersion: baseasset.io/v1alpha1
kind: AssetType
metadata:
  name: it
spec:
${spec}
`;
const STAGES = '  stages: [{ name: first, initial: true }]';

const kinds = builtInGateKinds({ evaluate: async () => true });
const read = (text: string) => readAssetTypeDocument(text, kinds);

/** Problems as `line path message`. */
const problems = (text: string) =>
  read(text).problems.map(
    ({ line, path: pointer, message }) => `${line} ${pointer} ${message}`,
  );

describe('readAssetTypeDocument', () => {
  it.each(SHIPPED_ASSET_TYPES)('finds nothing wrong with %s', name => {
    const text = readFileSync(
      path.join(__dirname, `../../types/${name}.yaml`),
      'utf8',
    );
    expect(problems(text)).toEqual([]);
    expect(read(text).document?.metadata.name).toBe(name);
  });

  it('reads JSON as well', () => {
    const { document: found } = read(
      JSON.stringify({
        apiVersion: 'baseasset.io/v1alpha1',
        kind: 'AssetType',
        metadata: { name: 'it' },
        spec: { stages: [{ name: 'first', initial: true }] },
      }),
    );
    expect(found?.spec.stages).toEqual([{ name: 'first', initial: true }]);
  });

  it.each([
    ['no document', '', /must be object/],
    [
      'another kind',
      document(STAGES).replace('AssetType', 'Asset'),
      /^2 \/kind it must be 'AssetType'/,
    ],
    [
      'a word that is none',
      document(`${STAGES}\n  stagse: []`),
      /^7 \/spec\/stagse there is no 'stagse' here/,
    ],
    ['no stage', document('  stages: []'), /^6 \/spec\/stages .*fewer than 1/],
    [
      'no initial stage',
      document('  stages: [{ name: a }]'),
      /one stage has to be the initial one, and none is/,
    ],
    [
      'two initial stages',
      document(
        '  stages:\n    - { name: a, initial: true }\n    - { name: b, initial: true }',
      ),
      /and 2 are/,
    ],
    [
      'a stage twice',
      document(
        '  stages:\n    - { name: a, initial: true }\n    - { name: A }',
      ),
      /^8 .*two stages 'A'/,
    ],
    [
      'a stage that is a digest',
      document('  stages: [{ name: latest, initial: true }]'),
      /^6 \/spec\/stages\/0\/name/,
    ],
    [
      'a visibility that is none',
      document(`${STAGES}\n  visibility: secret`),
      /^7 .*one of public, internal, restricted/,
    ],
    [
      'a schema that is no schema',
      document(`${STAGES}\n  metadata: { type: object, properties: 1 }`),
      /^7 \/spec\/metadata/,
    ],
    [
      'a keyword that is none',
      document(`${STAGES}\n  metadata: { type: object, requires: [a] }`),
      /unknown keyword: "requires"/,
    ],
    [
      'metadata that is a list',
      document(`${STAGES}\n  metadata: { type: array }`),
      /has to be 'object'/,
    ],
    [
      'a protected alias that is a stage',
      document(`${STAGES}\n  protectedAliases: [first]`),
      /can't be an alias/,
    ],
    [
      'a way to nowhere',
      document(`${STAGES}\n  transitions: [{ from: [first], to: second }]`),
      /^7 \/spec\/transitions\/0\/to there is no stage 'second'/,
    ],
    [
      'a way from nowhere',
      document(`${STAGES}\n  transitions: [{ from: [zero], to: first }]`),
      /from\/0 there is no stage 'zero'/,
    ],
    [
      'a way out of the end',
      document(
        '  stages: [{ name: a, initial: true }, { name: b, final: true }]\n  transitions: [{ from: [b], to: a }]',
      ),
      /'b' is final/,
    ],
    [
      'a way to itself',
      document(`${STAGES}\n  transitions: [{ from: [first], to: first }]`),
      /to itself/,
    ],
    [
      'a way twice',
      document(
        '  stages: [{ name: a, initial: true }, { name: b }]\n  transitions: [{ from: [a], to: b }, { from: [a], to: b, role: admin }]',
      ),
      /already/,
    ],
    [
      'a role that is none',
      document(
        `${STAGES}\n  transitions: [{ from: [first], to: first, role: boss }]`,
      ),
      /one of contributor, maintainer, approver, admin/,
    ],
    ['broken YAML', 'a: [', /^1 /],
    [
      'a key twice',
      document(`${STAGES}\n${STAGES}`),
      /Map keys must be unique/,
    ],
  ])('says what is wrong with %s', (_, text, message) => {
    expect(problems(text)[0]).toMatch(message);
    expect(read(text).document).toBeUndefined();
  });

  it.each([
    [
      'a schema from elsewhere',
      `  metadata: { type: object, $ref: 'https://example.org/s.json' }`,
      /can't resolve reference/,
    ],
    [
      'a file',
      `  metadata: { type: object, $ref: 'file:///etc/passwd' }`,
      /can't resolve reference/,
    ],
    [
      'a schema that is huge',
      `  metadata: { type: object, required: [${'a,'.repeat(3000)}b] }`,
      /too large/,
    ],
    [
      'a schema that is deep',
      `  metadata: ${'{ type: object, not: '.repeat(40)}{}${'}'.repeat(40)}`,
      /too large/,
    ],
    [
      'a pattern that looks back',
      `  metadata: { type: object, properties: { a: { pattern: '(a)\\1' } } }`,
      /invalid escape|error parsing/i,
    ],
  ])('refuses %s', (_, spec, message) => {
    const began = performance.now();
    expect(problems(document(`${STAGES}\n${spec}`))[0]).toMatch(message);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('refuses a document that grows without end', () => {
    const bomb = [
      'a: &a [x, x, x, x, x, x, x, x, x]',
      ...'bcdefghij'
        .split('')
        .map(
          (name, index) =>
            `${name}: &${name} [${Array(9)
              .fill(`*${'abcdefghij'[index]}`)
              .join(', ')}]`,
        ),
    ].join('\n');
    const began = performance.now();
    expect(problems(bomb)[0]).toMatch(/repeats itself/);
    expect(problems('x'.repeat(70_000))[0]).toMatch(/longer than/);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('metadataProblems', () => {
  it('says all that is wrong, by name', () => {
    const schema = {
      type: 'object',
      required: ['license'],
      properties: {
        license: { type: 'string' },
        riskClass: { enum: ['low', 'high'] },
        metrics: { type: 'object', additionalProperties: { type: 'number' } },
      },
      additionalProperties: false,
    };
    expect(
      metadataProblems(schema, {
        riskClass: 'none',
        metrics: { accuracy: 'good' },
        color: 'red',
      }),
    ).toEqual([
      "it must have required property 'license'",
      "it must not have 'color'",
      'riskClass must be one of low, high',
      'metrics.accuracy must be number',
    ]);
    expect(metadataProblems(schema, { license: 'MIT' })).toEqual([]);
  });

  it('keeps patterns apart', () => {
    const text = (pattern: string) => ({ type: 'string', pattern });
    const schema = {
      type: 'object',
      properties: { a: text('^a$'), b: text('^b$') },
    };
    expect(metadataProblems(schema, { a: 'a', b: 'b' })).toEqual([]);
    expect(metadataProblems(schema, { a: 'b', b: 'a' })).toHaveLength(2);
  });

  it('answers an evil pattern in a moment', () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string', pattern: '^(a+)+$' } },
    };
    const began = performance.now();
    expect(
      metadataProblems(schema, { name: `${'a'.repeat(5000)}!` }),
    ).toHaveLength(1);
    expect(metadataProblems(schema, { name: 'aaa' })).toEqual([]);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
