// @ts-check

/**
 * Assets, their versions and aliases, and what a version's files are.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('assets', table => {
    table.comment('The named, owned things');
    table.bigIncrements('id');
    table
      .string('uid', 40)
      .notNullable()
      .unique()
      .comment('Public and never reused');
    table.string('namespace', 63).notNullable();
    table.string('name', 63).notNullable();
    table
      .string('key', 127)
      .notNullable()
      .unique()
      .comment('namespace/name in lower case');
    table.string('type', 63).notNullable().index();
    table
      .string('owner', 255)
      .notNullable()
      .index()
      .comment('Entity reference');
    table.string('system', 255);
    table.string('visibility', 16).notNullable();
    table.string('title', 255);
    table.text('description');
    table.text('tags').notNullable().comment('JSON list');
    table
      .text('relations')
      .notNullable()
      .comment('JSON: derivedFrom, producedBy, consumedBy');
    table
      .integer('revision')
      .notNullable()
      .comment('Counts the edits of the card');
    table.string('created_at', 30).notNullable();
    table
      .string('created_by', 1024)
      .notNullable()
      .comment('A person, a service, or the place of a declaration');
    table.string('updated_at', 30).notNullable();
    table.index(['updated_at', 'id']);
  });
  await knex.schema.createTable('versions', table => {
    table.comment('Immutable snapshots of an asset');
    table.bigIncrements('id');
    table
      .bigInteger('asset_id')
      .notNullable()
      .references('id')
      .inTable('assets');
    table.integer('sequence').notNullable().comment('1, 2, … in the asset');
    table.string('label', 128).notNullable();
    table.string('digest', 71).notNullable().comment('Of the manifest');
    table.integer('file_count').notNullable();
    table.bigInteger('size').notNullable().comment('Bytes of all files');
    table.text('message');
    table.text('metadata').notNullable().comment('JSON object');
    table
      .text('changes')
      .comment('JSON: how many files differ from the version before');
    table.string('created_at', 30).notNullable();
    table.string('created_by', 255).notNullable();
    table.unique(['asset_id', 'label']);
    table.unique(['asset_id', 'digest']);
    table.unique(['asset_id', 'sequence']);
  });
  await knex.schema.createTable('version_pages', table => {
    table.comment(
      'The pages of the manifests; their texts stand in the blob store',
    );
    table
      .bigInteger('version_id')
      .notNullable()
      .references('id')
      .inTable('versions');
    table.integer('position').notNullable();
    table.string('digest', 71).notNullable();
    table.integer('file_count').notNullable();
    table.bigInteger('size').notNullable();
    table.text('first_path').notNullable();
    table.primary(['version_id', 'position']);
  });
  await knex.schema.createTable('aliases', table => {
    table.comment('Movable names of versions');
    table
      .bigInteger('asset_id')
      .notNullable()
      .references('id')
      .inTable('assets');
    table.string('name', 128).notNullable();
    table
      .bigInteger('version_id')
      .notNullable()
      .references('id')
      .inTable('versions')
      .index();
    table.string('updated_at', 30).notNullable();
    table.string('updated_by', 255).notNullable();
    table.primary(['asset_id', 'name']);
  });
  await knex.schema.createTable('alias_moves', table => {
    table.comment('Where aliases pointed, and who moved them');
    table.bigIncrements('id');
    table
      .bigInteger('asset_id')
      .notNullable()
      .references('id')
      .inTable('assets');
    table.string('name', 128).notNullable();
    table.string('from_label', 128);
    table.string('to_label', 128);
    table.string('at', 30).notNullable();
    table.string('by', 255).notNullable();
    table.index(['asset_id', 'name', 'id']);
  });
};

/**
 * @param {import('knex').Knex} knex
 */
exports.down = async function down(knex) {
  await knex.schema.dropTable('alias_moves');
  await knex.schema.dropTable('aliases');
  await knex.schema.dropTable('version_pages');
  await knex.schema.dropTable('versions');
  await knex.schema.dropTable('assets');
};
