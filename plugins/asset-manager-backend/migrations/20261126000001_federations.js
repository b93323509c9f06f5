// @ts-check

/**
 * Tokens of other issuers that stand for a service account.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('service_federations', table => {
    table.comment('Which tokens of which issuer stand for a service account');
    table.string('id', 40).primary();
    table
      .string('account', 63)
      .notNullable()
      .references('name')
      .inTable('service_accounts')
      .index();
    table.string('issuer', 255).notNullable();
    table
      .text('claims')
      .notNullable()
      .comment('JSON: a pattern for each claim');
    table.text('description');
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
    table.string('last_used_at', 30);
    table.string('revoked_at', 30);
    table.string('revoked_by', 255);
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('service_federations');
};
