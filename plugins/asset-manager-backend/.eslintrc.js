/** Which folders a folder of the backend must not import; `plugin.ts` sees everything. */
const forbidden = {
  model: [
    'services',
    'http',
    'database',
    'storage',
    'knex',
    'express',
    '@backstage/config',
  ],
  services: [
    'http',
    'database',
    'storage',
    'knex',
    'express',
    '@backstage/config',
  ],
  http: ['database', 'storage', 'knex'],
  database: ['storage', 'express'],
  storage: ['services', 'http', 'database', 'knex', 'express'],
};

module.exports = require('@backstage/cli/config/eslint-factory')(__dirname, {
  overrides: Object.entries(forbidden).map(([folder, names]) => ({
    files: [`src/${folder}/**`],
    excludedFiles: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: names.filter(
            name => name.includes('@') || ['knex', 'express'].includes(name),
          ),
          patterns: names.map(name => `../${name}/*`),
        },
      ],
    },
  })),
});
