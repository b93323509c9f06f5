// @ts-check

/**
 * Rules of types that are written, and not published yet.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('asset_type_drafts', table => {
    table.comment('What types may say next; one for a type');
    table.string('name', 63).primary();
    table
      .integer('base')
      .notNullable()
      .comment('The revision that it was made from');
    table.string('digest', 80).notNullable();
    table.text('document').notNullable().comment('As somebody wrote it');
    table.text('reason');
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
  });
  await knex.schema.alterTable('asset_type_revisions', table => {
    table.string('drafted_by', 255);
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.alterTable('asset_type_revisions', table => {
    table.dropColumn('drafted_by');
  });
  await knex.schema.dropTable('asset_type_drafts');
};
