/** Entity references of people and groups, and service accounts, as rules name them. */
export const REFERENCES = {
  type: 'array',
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
  items: {
    type: 'string',
    pattern: '^(user|group|service):[^/:]+/[^/:]+$',
    maxLength: 255,
    description: 'an entity reference like group:default/qa',
  },
};
