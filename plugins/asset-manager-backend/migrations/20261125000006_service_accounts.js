// @ts-check

/**
 * Accounts of pipelines and CI jobs, their tokens, and the keys that sign what
 * tokens are exchanged for.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('service_accounts', table => {
    table.comment('Accounts of pipelines and CI jobs');
    table.string('name', 63).primary();
    table
      .string('owner', 255)
      .notNullable()
      .index()
      .comment('Entity reference');
    table.text('description');
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
    table.string('disabled_at', 30);
    table.string('disabled_by', 255);
  });
  await knex.schema.createTable('service_tokens', table => {
    table.comment('Tokens of service accounts; the secret is not among it');
    table.string('id', 40).primary();
    table
      .string('account', 63)
      .notNullable()
      .references('name')
      .inTable('service_accounts')
      .index();
    table.string('secret_hash', 64).notNullable().comment('SHA-256, in hex');
    table.text('description');
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
    table.string('expires_at', 30).notNullable();
    table.string('last_used_at', 30);
    table.string('revoked_at', 30);
    table.string('revoked_by', 255);
  });
  await knex.schema.createTable('signing_keys', table => {
    table.comment('Keys of this installation, which sign access tokens');
    table.string('id', 40).primary();
    table.text('public_key').notNullable().comment('JWK');
    table.text('private_key').notNullable().comment('JWK');
    table.string('created_at', 30).notNullable();
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('signing_keys');
  await knex.schema.dropTable('service_tokens');
  await knex.schema.dropTable('service_accounts');
};
