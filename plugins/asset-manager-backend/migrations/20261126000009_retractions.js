// @ts-check

/**
 * When versions were retracted, also those that are not any more: what `latest` meant
 * at a time depends on it.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('retractions', table => {
    table.comment(
      'When versions were retracted; a row is changed once, when it ends',
    );
    table.bigIncrements('id');
    table
      .bigInteger('version_id')
      .unsigned()
      .notNullable()
      .references('id')
      .inTable('versions')
      .index();
    table.string('at', 30).notNullable();
    table.string('by', 255).notNullable();
    table.text('reason').notNullable();
    table.string('ended_at', 30);
  });
  await knex.raw(
    'insert into retractions (version_id, at, "by", reason) select id, retracted_at, retracted_by, retraction_reason from versions where retracted_at is not null',
  );
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('retractions');
};
