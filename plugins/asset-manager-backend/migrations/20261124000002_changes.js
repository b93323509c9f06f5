// @ts-check

/**
 * The change feed, which is the outbox, and the declarations in repositories.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('changes', table => {
    table.comment('What happened, in order; written with what it tells of');
    table.bigIncrements('sequence');
    table
      .bigInteger('asset_id')
      .notNullable()
      .references('id')
      .inTable('assets');
    table.string('kind', 32).notNullable();
    table
      .string('subject', 128)
      .comment('The version or alias that it is about');
    table.string('at', 30).notNullable();
    table.string('by', 1024).notNullable();
    table.index(['asset_id', 'sequence']);
  });
  await knex.schema.createTable('change_readers', table => {
    table.comment('How far the plugin itself has followed the feed');
    table.string('name', 63).primary();
    table.bigInteger('sequence').notNullable();
  });
  await knex.schema.createTable('declarations', table => {
    table.comment('Assets as repositories declare them');
    table
      .bigInteger('asset_id')
      .notNullable()
      .references('id')
      .inTable('assets');
    table.string('location', 1024).notNullable();
    table.text('card').notNullable().comment('JSON: what the declaration says');
    table.string('state', 16).notNullable().comment('proposed or accepted');
    table.string('seen_at', 30).notNullable();
    table.string('decided_by', 255);
    table.string('decided_at', 30);
    table.primary(['asset_id', 'location']);
  });
};

/**
 * @param {import('knex').Knex} knex
 */
exports.down = async function down(knex) {
  await knex.schema.dropTable('declarations');
  await knex.schema.dropTable('change_readers');
  await knex.schema.dropTable('changes');
};
