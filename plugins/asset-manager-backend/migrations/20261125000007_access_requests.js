// @ts-check

/**
 * Who asked for access to what, and what came of it.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('access_requests', table => {
    table.comment('Who asked for access; also to what does not exist');
    table.string('id', 40).primary();
    table
      .string('asset_key', 127)
      .notNullable()
      .comment(
        'namespace/name in lower case, whether there is such an asset or not',
      );
    table.string('namespace', 63).notNullable();
    table.string('name', 63).notNullable();
    table.string('requester', 255).notNullable();
    table.string('role', 15).notNullable();
    table.integer('days').notNullable();
    table.text('reason').notNullable();
    table.string('created_at', 30).notNullable();
    table
      .string('state', 10)
      .notNullable()
      .comment('open, granted, declined or withdrawn');
    table.string('decided_at', 30);
    table.string('decided_by', 255);
    table.text('answer');
    table.index(['asset_key', 'state']);
    table.index(['requester', 'id']);
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('access_requests');
};
