// @ts-check

/**
 * Blobs, upload sessions and the answers to creates that carried a key.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('blobs', table => {
    table.comment('Which asset holds which bytes, and where they stand');
    table
      .bigInteger('asset_id')
      .notNullable()
      .references('id')
      .inTable('assets');
    table.string('digest', 71).notNullable();
    table.bigInteger('size').notNullable();
    table.string('state', 16).notNullable().comment('received or verified');
    table
      .boolean('published')
      .notNullable()
      .comment('Whether a version of the asset holds it');
    table
      .string('key', 255)
      .notNullable()
      .comment('In the blob store; of another asset when linked');
    table.string('created_at', 30).notNullable();
    table.primary(['asset_id', 'digest']);
    table.index(['digest']);
  });
  await knex.schema.createTable('uploads', table => {
    table.comment('Upload sessions');
    table.string('id', 40).primary();
    table
      .bigInteger('asset_id')
      .notNullable()
      .references('id')
      .inTable('assets')
      .index();
    table.string('digest', 71).notNullable().comment('Of the manifest');
    table.integer('file_count').notNullable();
    table.bigInteger('size').notNullable();
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
    table.string('expires_at', 30).notNullable().index();
    table.unique(['asset_id', 'digest', 'created_by']);
  });
  await knex.schema.createTable('upload_pages', table => {
    table
      .string('upload_id', 40)
      .notNullable()
      .references('id')
      .inTable('uploads')
      .onDelete('CASCADE');
    table.integer('position').notNullable();
    table.string('digest', 71).notNullable();
    table.integer('file_count').notNullable();
    table.bigInteger('size').notNullable();
    table.text('first_path').notNullable();
    table.primary(['upload_id', 'position']);
  });
  await knex.schema.createTable('upload_parts', table => {
    table
      .string('upload_id', 40)
      .notNullable()
      .references('id')
      .inTable('uploads')
      .onDelete('CASCADE');
    table.string('digest', 71).notNullable().comment('Of the whole blob');
    table.integer('number').notNullable();
    table.primary(['upload_id', 'digest', 'number']);
  });
  await knex.schema.createTable('idempotency_keys', table => {
    table.comment(
      'What was answered to a create, so that it can be asked again',
    );
    table.string('key', 255).notNullable();
    table.string('subject', 255).notNullable();
    table
      .string('request', 64)
      .notNullable()
      .comment('SHA-256 of route and body');
    table.integer('status').notNullable();
    table.text('body').notNullable();
    table.string('created_at', 30).notNullable().index();
    table.primary(['subject', 'key']);
  });
};

/**
 * @param {import('knex').Knex} knex
 */
exports.down = async function down(knex) {
  await knex.schema.dropTable('idempotency_keys');
  await knex.schema.dropTable('upload_parts');
  await knex.schema.dropTable('upload_pages');
  await knex.schema.dropTable('uploads');
  await knex.schema.dropTable('blobs');
};
