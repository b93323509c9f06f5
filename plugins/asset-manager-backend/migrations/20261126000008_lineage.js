// @ts-check

/**
 * What was run, and which versions it read and made.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('runs', table => {
    table.comment(
      'Executions that read and made versions; rows are never changed',
    );
    table.string('id', 64).primary();
    table.string('job', 255);
    table.string('state', 15).notNullable();
    table.string('started_at', 30);
    table.string('ended_at', 30);
    table.string('recorded_at', 30).notNullable();
    table.string('recorded_by', 255).notNullable();
    table.string('on_behalf_of', 255);
    table
      .text('details')
      .notNullable()
      .comment('JSON: command, code, environment, parameters, metrics');
  });

  await knex.schema.createTable('run_versions', table => {
    table.comment('The edges of the lineage; rows are never changed');
    table.bigIncrements('id');
    table.string('run_id', 64).notNullable().references('id').inTable('runs');
    table.string('direction', 7).notNullable().comment('input or output');
    table
      .bigInteger('version_id')
      .unsigned()
      .notNullable()
      .references('id')
      .inTable('versions');
    table.string('role', 63);
    table.string('confidence', 15).notNullable();
    table.index(['version_id', 'direction']);
    table.index(['run_id', 'direction']);
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('run_versions');
  await knex.schema.dropTable('runs');
};
