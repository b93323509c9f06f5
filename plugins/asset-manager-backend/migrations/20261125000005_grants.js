// @ts-check

/**
 * Who has which role, where and for how long.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('grants', table => {
    table.comment('Roles that are given or denied; ended ones stay');
    table.string('id', 40).primary();
    table.string('effect', 5).notNullable().comment('allow or deny');
    table.string('role', 15).notNullable();
    table
      .string('principal', 255)
      .notNullable()
      .comment('Entity reference of a user or group');
    table
      .string('scope_kind', 10)
      .notNullable()
      .comment('asset, namespace, type or everything');
    table.string('scope_name', 127).comment('Of a namespace or type');
    table
      .bigInteger('asset_id')
      .references('id')
      .inTable('assets')
      .comment('An asset that takes the name later is another one');
    table.string('expires_at', 30).comment('ISO 8601, UTC');
    table.text('reason');
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
    table.string('ended_at', 30).comment('When somebody ended it');
    table.string('ended_by', 255);
    table.index(['principal', 'scope_kind', 'effect'], 'grants_of_principal');
    table.index(['asset_id'], 'grants_of_asset');
    table.index(['scope_kind', 'scope_name'], 'grants_of_scope');
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('grants');
};
