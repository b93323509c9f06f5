// @ts-check

/**
 * Uploads say when they were last heard of, and what of them has arrived: so
 * pushes that run at the same time share what is left of a quota.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.alterTable('uploads', table => {
    table.string('heard_at', 30).comment('The last sign of life of a client');
    table
      .bigInteger('arrived_size')
      .notNullable()
      .defaultTo(0)
      .comment('Bytes that came since the pages were put; kept under quotas');
  });
  await knex('uploads').update({ heard_at: knex.ref('created_at') });
  await knex.schema.createTable('namespace_locks', table => {
    table.comment('Held while room in a namespace is given out');
    table.string('namespace', 63).primary();
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('namespace_locks');
  await knex.schema.alterTable('uploads', table => {
    table.dropColumn('heard_at');
    table.dropColumn('arrived_size');
  });
};
