import type { Visibility } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Invocation, OptionSpec } from '../Command';

/** Options that say what stands on the card of an asset. */
export const cardOptions: Record<string, OptionSpec> = {
  title: {
    type: 'string',
    value: 'TEXT',
    description: 'what people read instead of the name',
  },
  description: {
    type: 'string',
    short: 'd',
    value: 'TEXT',
    description: 'one or two sentences',
  },
  system: {
    type: 'string',
    value: 'SYSTEM',
    description: 'the system that it belongs to',
  },
  visibility: {
    type: 'string',
    value: 'WHO',
    description: 'public, internal or restricted (owners and grants alone)',
    choices: ['public', 'internal', 'restricted'],
  },
  tag: {
    type: 'string',
    multiple: true,
    value: 'TAG',
    description: 'a tag; may be given several times',
  },
};

/** What these options say; what was not given is left out. */
export function cardOf(options: Invocation['options']): {
  title?: string;
  description?: string;
  system?: string;
  visibility?: Visibility;
  tags?: string[];
} {
  const tags = options.list('tag');
  return {
    title: options.text('title'),
    description: options.text('description'),
    system: options.text('system'),
    visibility: options.text('visibility') as Visibility | undefined,
    tags: tags.length > 0 ? tags : undefined,
  };
}
