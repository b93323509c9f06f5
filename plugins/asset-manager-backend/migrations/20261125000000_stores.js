// @ts-check

/**
 * Several stores: where each copy of a blob and each page of a manifest stands,
 * what went straight to a bucket, and what of it has been verified.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.renameTable('blobs', 'blobs_of_one_store');
  await knex.schema.createTable('blobs', table => {
    table.comment('Which asset holds which bytes, and where each copy stands');
    table
      .bigInteger('asset_id')
      .notNullable()
      .references('id')
      .inTable('assets');
    table.string('digest', 71).notNullable();
    table.string('store', 63).notNullable();
    table.bigInteger('size').notNullable();
    table
      .string('state', 16)
      .notNullable()
      .comment('received, verified or damaged');
    table
      .boolean('published')
      .notNullable()
      .comment('Whether a version of the asset holds it');
    table
      .string('key', 255)
      .notNullable()
      .comment('In the store; of another asset when linked');
    table.string('created_at', 30).notNullable();
    table.primary(
      ['asset_id', 'digest', 'store'],
      'blobs_asset_digest_store_primary',
    );
    table.index(['digest'], 'blobs_by_digest');
    table.index(['store', 'key'], 'blobs_by_key');
  });
  await knex.raw(
    `insert into blobs (asset_id, digest, store, size, state, published, "key", created_at)
     select asset_id, digest, 'local', size, state, published, "key", created_at from blobs_of_one_store`,
  );
  await knex.schema.dropTable('blobs_of_one_store');

  for (const name of ['version_pages', 'upload_pages']) {
    await knex.schema.alterTable(name, table => {
      table
        .string('store', 63)
        .notNullable()
        .defaultTo('local')
        .comment('Where the text of the page stands');
    });
  }
  await knex.schema.alterTable('uploads', table => {
    table
      .string('store', 63)
      .notNullable()
      .defaultTo('local')
      .comment('Where the bytes go');
  });
  await knex.schema.alterTable('versions', table => {
    table
      .string('verification', 16)
      .notNullable()
      .defaultTo('verified')
      .comment('received, verified or damaged');
    table.index(['verification', 'id']);
  });
  await knex.schema.createTable('upload_blobs', table => {
    table.comment('Unfinished blobs that go to a bucket in parts');
    table
      .string('upload_id', 40)
      .notNullable()
      .references('id')
      .inTable('uploads')
      .onDelete('CASCADE');
    table.string('digest', 71).notNullable();
    table.text('token').notNullable().comment('What the store called them');
    table.primary(['upload_id', 'digest']);
  });
  await knex.schema.createTable('copy_jobs', table => {
    table.comment(
      'Assets whose bytes are copied to another store, or move there',
    );
    table.string('id', 40).primary();
    table
      .bigInteger('asset_id')
      .notNullable()
      .references('id')
      .inTable('assets');
    table.string('store', 63).notNullable().comment('Where the bytes go');
    table.string('mode', 16).notNullable().comment('move or replicate');
    table
      .string('state', 16)
      .notNullable()
      .index()
      .comment('queued, running, done or failed');
    table.integer('copied_blobs').notNullable();
    table.bigInteger('copied_bytes').notNullable();
    table.bigInteger('total_bytes').notNullable();
    table.text('error');
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
    table.string('updated_at', 30).notNullable();
    table.index(['asset_id', 'id']);
  });
  await knex.schema.createTable('condemned_blobs', table => {
    table.comment(
      'Bytes that nothing refers to, and that are deleted after a while',
    );
    table.string('store', 63).notNullable();
    table.string('key', 255).notNullable();
    table.string('condemned_at', 30).notNullable().index();
    table
      .boolean('deleting')
      .notNullable()
      .comment('From then on the bytes count as gone');
    table.primary(['store', 'key']);
  });
  await knex.schema.createTable('leases', table => {
    table.comment('Which process does what only one may do at a time');
    table.string('name', 63).primary();
    table.string('holder', 40).notNullable();
    table.string('expires_at', 30).notNullable();
  });
};

/**
 * Back to one store: copies that stand elsewhere are forgotten, not deleted.
 *
 * @param {import('knex').Knex} knex
 */
exports.down = async function down(knex) {
  await knex.schema.dropTable('leases');
  await knex.schema.dropTable('condemned_blobs');
  await knex.schema.dropTable('copy_jobs');
  await knex.schema.dropTable('upload_blobs');
  await knex.schema.alterTable('versions', table => {
    table.dropIndex(['verification', 'id']);
    table.dropColumn('verification');
  });
  await knex.schema.alterTable('uploads', table => table.dropColumn('store'));
  for (const name of ['version_pages', 'upload_pages']) {
    await knex.schema.alterTable(name, table => table.dropColumn('store'));
  }
  await knex('blobs').whereNot({ store: 'local' }).delete();
  await knex.schema.alterTable('blobs', table => {
    table.dropPrimary('blobs_asset_digest_store_primary');
    table.dropColumn('store');
    table.primary(['asset_id', 'digest']);
  });
};
