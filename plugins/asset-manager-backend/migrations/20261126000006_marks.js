// @ts-check

/**
 * What is said of versions after they were pushed: other metadata, that one is
 * retracted, and that something has to be kept.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.alterTable('versions', table => {
    table.string('retracted_at', 30);
    table.string('retracted_by', 255);
    table.text('retraction_reason');
    table
      .integer('metadata_revision')
      .notNullable()
      .defaultTo(1)
      .comment('Counts up with each change of the metadata');
  });
  await knex.schema.createTable('holds', table => {
    table.comment('What keeps an asset, or a version, from being deleted');
    table.string('id', 30).primary();
    table
      .bigInteger('asset_id')
      .unsigned()
      .notNullable()
      .references('id')
      .inTable('assets')
      .index();
    table
      .bigInteger('version_id')
      .unsigned()
      .references('id')
      .inTable('versions')
      .comment('Null for the asset with all of its versions');
    table.text('reason').notNullable();
    table.string('placed_at', 30).notNullable();
    table.string('placed_by', 255).notNullable();
    table.string('ended_at', 30);
    table.string('ended_by', 255);
    table.text('end_reason');
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('holds');
  await knex.schema.alterTable('versions', table => {
    table.dropColumns(
      'retracted_at',
      'retracted_by',
      'retraction_reason',
      'metadata_revision',
    );
  });
};
