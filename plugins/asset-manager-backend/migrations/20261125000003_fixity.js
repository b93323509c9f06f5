// @ts-check

/**
 * Checks that look whether the bytes still stand where they should.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('fixity_checks', table => {
    table.comment('Checks of what stands in the stores');
    table.string('id', 40).primary();
    table
      .string('state', 16)
      .notNullable()
      .index()
      .comment('queued, running, done or failed');
    table.text('stores').notNullable().comment('JSON: their names');
    table.float('sample').notNullable().comment('Percent of the bytes');
    table
      .float('sample_from')
      .notNullable()
      .comment('Where the part that is read begins, from 0 to 1');
    table.boolean('condemn_orphans').notNullable();
    table.string('phase', 16).notNullable();
    table
      .text('position')
      .notNullable()
      .comment('JSON: how far the phase has come');
    table.bigInteger('checked_objects').notNullable();
    table.bigInteger('total_objects').notNullable();
    table.bigInteger('read_bytes').notNullable();
    table.text('error');
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
    table.string('updated_at', 30).notNullable();
  });
  for (const name of ['version_pages', 'upload_pages']) {
    await knex.schema.alterTable(name, table => table.index(['digest']));
  }
  await knex.schema.createTable('fixity_findings', table => {
    table.comment('What the checks found');
    table
      .string('check_id', 40)
      .notNullable()
      .references('id')
      .inTable('fixity_checks')
      .onDelete('CASCADE');
    table.string('store', 63).notNullable();
    table.string('key', 255).notNullable();
    table.string('digest', 71).notNullable().comment('Empty for orphans');
    table.string('problem', 16).notNullable();
    table.string('outcome', 16).notNullable();
    table.bigInteger('size');
    table.bigInteger('asset_id').references('id').inTable('assets');
    table.primary(
      ['check_id', 'store', 'key', 'digest'],
      'fixity_findings_primary',
    );
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  for (const name of ['version_pages', 'upload_pages']) {
    await knex.schema.alterTable(name, table => table.dropIndex(['digest']));
  }
  await knex.schema.dropTable('fixity_findings');
  await knex.schema.dropTable('fixity_checks');
};
