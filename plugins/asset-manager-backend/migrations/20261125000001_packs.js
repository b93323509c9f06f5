// @ts-check

/**
 * Small blobs stand in packs, many in one object of the store.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.alterTable('blobs', table => {
    table
      .bigInteger('pack_offset')
      .comment('Bytes from the begin of its pack; null when it stands alone');
  });
};

/**
 * Refused while there are packs: without the offsets nobody finds their blobs.
 *
 * @param {import('knex').Knex} knex
 */
exports.down = async function down(knex) {
  const packed = await knex('blobs').whereNotNull('pack_offset').first();
  if (packed) throw new Error('there are blobs in packs');
  await knex.schema.alterTable('blobs', table =>
    table.dropColumn('pack_offset'),
  );
};
