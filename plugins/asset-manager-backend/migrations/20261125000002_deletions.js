// @ts-check

/**
 * What was deleted, and until when its bytes are kept.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  for (const name of ['assets', 'versions']) {
    await knex.schema.alterTable(name, table => {
      table.string('deleted_at', 30);
      table.string('deleted_by', 255);
      table.text('delete_reason');
      table
        .string('undo_until', 30)
        .index()
        .comment('Until then it can be brought back');
      table.string('purged_at', 30).comment('Since then its bytes are gone');
    });
  }
};

/**
 * What was deleted stands again; what was purged is damaged.
 *
 * @param {import('knex').Knex} knex
 */
exports.down = async function down(knex) {
  await knex('versions')
    .whereNotNull('purged_at')
    .update({ verification: 'damaged' });
  for (const name of ['versions', 'assets']) {
    await knex.schema.alterTable(name, table => {
      table.dropIndex(['undo_until']);
      table.dropColumns(
        'deleted_at',
        'deleted_by',
        'delete_reason',
        'undo_until',
        'purged_at',
      );
    });
  }
};
