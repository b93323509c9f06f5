import type { JsonObject } from '@backstage/types';
import {
  AssetTypeDocument,
  AssetTypeProblem,
  AssetTypeSpec,
  GATE_MODES,
  labelProblem,
  ROLES,
  VISIBILITIES,
} from '@baseasset/backstage-plugin-asset-manager-common';
import Ajv, { ErrorObject } from 'ajv/dist/2020';
import { Document, isNode, LineCounter, parseDocument } from 'yaml';
import { FieldError } from './FieldError';
import { GateKinds, ruleProblems } from './gates/gateKinds';
import { REFERENCES } from './gates/references';
import { compileSchema } from './metadataSchema';
import { PERIOD_PATTERN } from './period';

const LONGEST_TEXT = 64 * 1024;
const text = (maxLength: number) => ({
  type: 'string',
  minLength: 1,
  maxLength,
});

/** Whoever may only read decides nothing. */
const GOVERNING_ROLES = ROLES.filter(role => role !== 'reader');

/** What a document has to be, as far as a schema can say it. */
const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: { const: 'baseasset.io/v1alpha1' },
    kind: { const: 'AssetType' },
    metadata: {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: {
          type: 'string',
          pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$',
          maxLength: 63,
        },
        title: text(100),
        description: text(1000),
      },
    },
    spec: {
      type: 'object',
      additionalProperties: false,
      required: ['stages'],
      properties: {
        visibility: { enum: VISIBILITIES },
        protectedAliases: {
          type: 'array',
          maxItems: 100,
          uniqueItems: true,
          items: text(128),
        },
        metadata: { type: 'object' },
        stages: {
          type: 'array',
          minItems: 1,
          maxItems: 50,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['name'],
            properties: {
              name: text(128),
              title: text(100),
              description: text(1000),
              initial: { type: 'boolean' },
              final: { type: 'boolean' },
              single: { type: 'boolean' },
              requires: {
                type: 'array',
                minItems: 1,
                maxItems: 100,
                uniqueItems: true,
                items: text(200),
              },
              frozen: { type: 'boolean' },
              banner: text(500),
              downloads: { enum: ROLES },
            },
          },
        },
        fourEyes: { type: 'boolean' },
        viewers: {
          type: 'array',
          maxItems: 50,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['files', 'viewer'],
            properties: { files: text(500), viewer: text(100) },
          },
        },
        retracted: { enum: ['warn', 'refuse'] },
        retention: {
          type: 'object',
          additionalProperties: false,
          required: ['keep'],
          properties: {
            keep: { type: 'string', pattern: PERIOD_PATTERN },
            since: { enum: ['push', 'move'] },
          },
        },
        transitions: {
          type: 'array',
          maxItems: 200,
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['from', 'to'],
            properties: {
              from: {
                type: 'array',
                minItems: 1,
                maxItems: 50,
                uniqueItems: true,
                items: text(128),
              },
              to: text(128),
              role: { enum: GOVERNING_ROLES },
              reason: { enum: ['required', 'optional'] },
              gates: {
                type: 'array',
                maxItems: 30,
                items: {
                  type: 'object',
                  required: ['name', 'kind'],
                  properties: {
                    name: {
                      type: 'string',
                      pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
                      maxLength: 63,
                    },
                    kind: text(63),
                    mode: { enum: GATE_MODES },
                    message: text(500),
                    waiver: { enum: GOVERNING_ROLES },
                  },
                },
              },
              actions: {
                type: 'array',
                maxItems: 20,
                items: {
                  type: 'object',
                  required: ['kind'],
                  discriminator: { propertyName: 'kind' },
                  oneOf: [
                    {
                      additionalProperties: false,
                      required: ['alias'],
                      properties: {
                        kind: { const: 'alias' },
                        alias: text(128),
                      },
                    },
                    {
                      additionalProperties: false,
                      required: ['to'],
                      properties: {
                        kind: { const: 'notify' },
                        to: {
                          ...REFERENCES,
                          items: {
                            ...REFERENCES.items,
                            pattern: '^(user|group):[^/:]+/[^/:]+$',
                          },
                        },
                      },
                    },
                  ],
                },
              },
            },
          },
        },
      },
    },
  },
};

const validate = new Ajv({
  allErrors: true,
  discriminator: true,
}).compile<AssetTypeDocument>(SCHEMA);

type Found = Omit<AssetTypeProblem, 'line'>;

/**
 * Reads the document of an asset type, and finds everything that keeps it from
 * being used; the document is there when nothing does.
 */
export function readAssetTypeDocument(
  source: string,
  kinds: GateKinds,
): {
  document?: AssetTypeDocument;
  problems: AssetTypeProblem[];
} {
  if (source.length > LONGEST_TEXT) {
    return {
      problems: [
        { path: '', message: `it is longer than ${LONGEST_TEXT} characters` },
      ],
    };
  }
  const lines = new LineCounter();
  const parsed = parseDocument(source, { lineCounter: lines });
  if (parsed.errors.length > 0) {
    return {
      problems: parsed.errors.map(error => ({
        path: '',
        line: error.linePos?.[0].line,
        message: printable(error.message.split(/ at line \d+/)[0]),
      })),
    };
  }
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: 20 });
  } catch {
    return {
      problems: [
        { path: '', message: 'it repeats itself by aliases too often' },
      ],
    };
  }
  const shaped = validate(value) ? (value as AssetTypeDocument) : undefined;
  const problems = shaped
    ? problemsOf(shaped, kinds)
    : (validate.errors ?? []).map(shapeProblem);
  return {
    document: problems.length === 0 ? shaped : undefined,
    problems: problems.map(problem => ({
      ...problem,
      line: lineOf(parsed, lines, problem.path),
    })),
  };
}

/**
 * The document, where it can be used.
 *
 * @throws FieldError that says what is wrong first
 */
export function demandAssetTypeDocument(
  source: string,
  kinds: GateKinds,
): AssetTypeDocument {
  const { document, problems } = readAssetTypeDocument(source, kinds);
  if (document) return document;
  const [{ path, line, message }] = problems;
  const more = problems.length - 1;
  throw new FieldError(
    'document',
    `${
      line === undefined ? '' : `line ${line}: `
    }${`${path} ${message}`.trim()}${
      more > 0 ? `, and ${more} more; asset type lint shows all` : ''
    }`,
  );
}

/** What only the whole says. */
function problemsOf({ spec }: AssetTypeDocument, kinds: GateKinds): Found[] {
  const problems: Found[] = [];
  const seen = new Set<string>();
  spec.stages.forEach((stage, index) => {
    const { name, initial, final, single, requires } = stage;
    const path = `/spec/stages/${index}`;
    const problem = labelProblem(name);
    if (problem) problems.push({ path: `${path}/name`, message: problem });
    const key = name.toLowerCase();
    if (seen.has(key))
      problems.push({
        path: `${path}/name`,
        message: `there are two stages '${name}'`,
      });
    seen.add(key);
    if (initial && final)
      problems.push({
        path,
        message: `nothing could leave '${name}': it is the first stage and a final one`,
      });
    if (initial && single)
      problems.push({
        path: `${path}/single`,
        message: `every new version begins in '${name}'`,
      });
    if (initial && requires)
      problems.push({
        path: `${path}/requires`,
        message: `every new version begins in '${name}'; say it in the schema of the metadata`,
      });
  });
  const initial = spec.stages.filter(stage => stage.initial);
  if (initial.length !== 1)
    problems.push({
      path: '/spec/stages',
      message: `one stage has to be the initial one, and ${
        initial.length === 0 ? 'none is' : `${initial.length} are`
      }`,
    });
  spec.protectedAliases?.forEach((pattern, index) => {
    if (spec.stages.some(stage => stage.name === pattern))
      problems.push({
        path: `/spec/protectedAliases/${index}`,
        message: `'${pattern}' is a stage, and can't be an alias`,
      });
  });
  problems.push(
    ...transitionProblems(spec),
    ...gateProblems(spec, kinds),
    ...actionProblems(spec),
  );
  if (spec.metadata) problems.push(...schemaProblems(spec.metadata));
  return problems;
}

function transitionProblems({
  stages,
  transitions = [],
}: AssetTypeSpec): Found[] {
  const problems: Found[] = [];
  const ways = new Set<string>();
  const stageOf = (name: string) => stages.find(stage => stage.name === name);
  transitions.forEach(({ from, to }, index) => {
    const path = `/spec/transitions/${index}`;
    if (!stageOf(to))
      problems.push({
        path: `${path}/to`,
        message: `there is no stage '${to}'`,
      });
    from.forEach((name, position) => {
      const complain = (message: string) =>
        problems.push({ path: `${path}/from/${position}`, message });
      const stage = stageOf(name);
      if (!stage) complain(`there is no stage '${name}'`);
      else if (stage.final)
        complain(`'${name}' is final, and nothing leads out of it`);
      if (name === to) complain(`it leads from '${name}' to itself`);
      const way = `${name} → ${to}`;
      if (ways.has(way))
        complain(`there is a way from '${name}' to '${to}' already`);
      ways.add(way);
    });
  });
  return problems;
}

function gateProblems(
  { transitions = [] }: AssetTypeSpec,
  kinds: GateKinds,
): Found[] {
  return transitions.flatMap(({ gates = [] }, way) =>
    gates.flatMap((gate, index) => {
      const path = `/spec/transitions/${way}/gates/${index}`;
      const twice = gates.findIndex(({ name }) => name === gate.name) < index;
      return [
        ...(twice
          ? [
              {
                path: `${path}/name`,
                message: `there are two gates '${gate.name}'`,
              },
            ]
          : []),
        ...ruleProblems(kinds, gate).map(problem => ({
          ...problem,
          path: `${path}${problem.path}`,
        })),
      ];
    }),
  );
}

function actionProblems({ stages, transitions = [] }: AssetTypeSpec): Found[] {
  return transitions.flatMap(({ actions = [] }, way) =>
    actions.flatMap((action, index) => {
      if (action.kind !== 'alias') return [];
      const { alias } = action;
      const problem = stages.some(({ name }) => name === alias)
        ? `'${alias}' is a stage, and can't be an alias`
        : labelProblem(alias);
      const path = `/spec/transitions/${way}/actions/${index}/alias`;
      return problem ? [{ path, message: problem }] : [];
    }),
  );
}

function schemaProblems(schema: JsonObject): Found[] {
  if (schema.type !== 'object')
    return [
      {
        path: '/spec/metadata/type',
        message: "it has to be 'object': metadata is one",
      },
    ];
  try {
    compileSchema(schema);
    return [];
  } catch (error) {
    return [{ path: '/spec/metadata', message: (error as Error).message }];
  }
}

/** The begin of a message that may quote whatever was read. */
function printable(message: string): string {
  return message.replace(/[^\P{C}]+/gu, ' ').slice(0, 200);
}

function shapeProblem({
  instancePath,
  keyword,
  params,
  message,
}: ErrorObject): Found {
  switch (keyword) {
    case 'additionalProperties':
      return {
        path: `${instancePath}/${params.additionalProperty}`,
        message: `there is no '${params.additionalProperty}' here`,
      };
    case 'enum':
      return {
        path: instancePath,
        message: `it must be one of ${params.allowedValues.join(', ')}`,
      };
    case 'discriminator':
      return {
        path: `${instancePath}/kind`,
        message: 'it must be alias or notify',
      };
    case 'const':
      return {
        path: instancePath,
        message: `it must be '${params.allowedValue}'`,
      };
    default:
      return { path: instancePath, message: `it ${message}` };
  }
}

/** The line where something stands, or what it would stand in. */
function lineOf(
  parsed: Document.Parsed,
  lines: LineCounter,
  path: string,
): number | undefined {
  const keys = path.split('/').slice(1);
  for (let length = keys.length; length >= 0; length--) {
    const node = parsed.getIn(keys.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}
