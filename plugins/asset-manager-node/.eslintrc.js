module.exports = require('@backstage/cli/config/eslint-factory')(__dirname, {
  overrides: [
    {
      // The contract suites are for the tests of other packages to call.
      files: ['src/testUtils/**'],
      rules: { 'jest/no-export': 'off' },
    },
  ],
});
