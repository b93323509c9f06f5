// @ts-check

/**
 * How versions have moved from stage to stage. The last move of a version says where
 * it stands; one that was never moved stands in the initial stage of its type.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('transitions', table => {
    table.comment('Moves of versions between stages; rows are never changed');
    table.bigIncrements('id');
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
      .notNullable()
      .references('id')
      .inTable('versions');
    table
      .integer('sequence')
      .notNullable()
      .comment('Of the version, from 1: of two at once one is refused');
    table.string('from_stage', 128).notNullable();
    table.string('to_stage', 128).notNullable();
    table.text('reason');
    table.string('type', 63).notNullable().comment('Whose rules judged it');
    table.integer('type_revision').notNullable();
    table.string('at', 30).notNullable();
    table.string('by', 255).notNullable();
    table.unique(['version_id', 'sequence'], {
      indexName: 'transitions_of_version',
    });
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('transitions');
};
