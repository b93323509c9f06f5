// @ts-check

/**
 * The documents of the asset types, as they were from revision to revision.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('asset_type_revisions', table => {
    table.comment('What each asset type says; rows are never changed');
    table.string('name', 63).notNullable();
    table.integer('revision').notNullable().comment('Counts up from 1');
    table.string('digest', 80).notNullable();
    table.text('document').notNullable().comment('Canonical JSON');
    table.text('text').notNullable().comment('As somebody wrote it');
    table.string('source', 15).notNullable();
    table.text('reason');
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
    table.primary(['name', 'revision'], 'asset_type_revisions_key');
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('asset_type_revisions');
};
