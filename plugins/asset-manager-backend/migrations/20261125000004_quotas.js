// @ts-check

/**
 * Quotas of namespaces, and how much was stored over time.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.alterTable('upload_pages', table => {
    table
      .bigInteger('missing_size')
      .notNullable()
      .defaultTo(0)
      .comment('Bytes of its files that had to be sent');
  });
  await knex.schema.createTable('storage_samples', table => {
    table.comment('What was stored on a day, as it was looked at last');
    table.string('day', 10).notNullable().comment('2026-11-25, in UTC');
    table.string('store', 63).notNullable();
    table.bigInteger('stored_bytes').notNullable();
    table.bigInteger('blobs').notNullable();
    table.primary(['day', 'store']);
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('storage_samples');
  await knex.schema.alterTable('upload_pages', table =>
    table.dropColumn('missing_size'),
  );
};
