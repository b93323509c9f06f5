import type { JsonObject } from '@backstage/types';
import type { GateKind } from '@baseasset/backstage-plugin-asset-manager-node';
import { compileSchema, metadataProblems } from '../metadataSchema';

interface Options extends JsonObject {
  required?: string[];
  schema?: JsonObject;
}

/** Whether a field says anything. */
function isGiven(metadata: JsonObject, field: string): boolean {
  const value = Object.hasOwn(metadata, field) ? metadata[field] : undefined;
  return value !== undefined && value !== null && value !== '';
}

/** Which of some fields are missing. */
export function missingFields(
  metadata: JsonObject,
  fields: readonly string[],
): string[] {
  return fields.filter(field => !isGiven(metadata, field));
}

/** The metadata meets the schema of the type, has some fields, and meets a schema of its own. */
export const metadataGate: GateKind = {
  options: {
    properties: {
      required: {
        type: 'array',
        minItems: 1,
        maxItems: 100,
        uniqueItems: true,
        items: { type: 'string', minLength: 1, maxLength: 200 },
      },
      schema: { type: 'object' },
    },
  },
  problem({ schema }: Options) {
    if (!schema) return undefined;
    try {
      compileSchema(schema);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  },
  judge({ required = [], schema }: Options, { version, metadataSchema }) {
    const problems = missingFields(version.metadata, required).map(
      field => `${field} is missing`,
    );
    for (const each of [metadataSchema, schema])
      if (each) problems.push(...metadataProblems(each, version.metadata));
    return problems.length === 0
      ? { state: 'passed', message: 'the metadata says what it has to say' }
      : {
          state: 'failed',
          message: [...new Set(problems)].join('; '),
        };
  },
};
