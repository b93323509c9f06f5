// @ts-check

/**
 * How far each outgoing webhook has come, what could not be delivered, and which
 * incoming ones were heard already.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('webhooks', table => {
    table.string('name', 63).primary();
    table
      .bigInteger('position')
      .notNullable()
      .comment(
        'In the chain of the audit trail: the last one that was dealt with',
      );
    table.integer('attempts').notNullable().comment('At the next one');
    table.string('next_at', 30).comment('Not before this time');
    table.text('last_error');
  });
  await knex.schema.createTable('dead_letters', table => {
    table.comment('What a webhook did not take; kept until it is sent again');
    table.string('webhook', 63).notNullable();
    table.bigInteger('sequence').notNullable();
    table.string('at', 30).notNullable();
    table.text('error').notNullable();
    table.primary(['webhook', 'sequence'], 'dead_letters_key');
  });
  await knex.schema.createTable('heard_webhooks', table => {
    table.comment('Signatures of the last minutes: none is taken twice');
    table.string('signature', 80).primary();
    table.string('at', 30).notNullable().index();
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('heard_webhooks');
  await knex.schema.dropTable('dead_letters');
  await knex.schema.dropTable('webhooks');
};
