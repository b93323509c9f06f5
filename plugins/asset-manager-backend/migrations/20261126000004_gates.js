// @ts-check

/**
 * What gates read and what people decide: checks of versions, requests for transitions,
 * and the yes and no of people; and what stood so when a version was moved.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  /** @param {import('knex').Knex.CreateTableBuilder} table */
  const addVersion = table => {
    table
      .bigInteger('asset_id')
      .unsigned()
      .notNullable()
      .references('id')
      .inTable('assets')
      .index();
    table
      .bigInteger('version_id')
      .unsigned()
      .notNullable()
      .references('id')
      .inTable('versions')
      .index();
  };

  await knex.schema.createTable('checks', table => {
    table.comment('Recorded facts about versions; rows are never changed');
    table.bigIncrements('id');
    addVersion(table);
    table.string('name', 100).notNullable();
    table.string('status', 15).notNullable();
    table.text('summary');
    table.text('evidence').comment('JSON');
    table.string('evidence_digest', 80).comment('Of its canonical text');
    table.text('url');
    table.string('at', 30).notNullable();
    table.string('by', 255).notNullable();
  });

  await knex.schema.createTable('transition_requests', table => {
    table.comment('That versions are to move; what is asked is never changed');
    table.string('id', 30).primary();
    addVersion(table);
    table.string('from_stage', 128).notNullable();
    table.string('to_stage', 128).notNullable();
    table
      .integer('sequence')
      .notNullable()
      .comment('Of the transition that it would become');
    table.text('reason');
    table.string('requested_at', 30).notNullable();
    table.string('requested_by', 255).notNullable();
    table.string('state', 15).notNullable().index();
    table.string('ended_at', 30);
    table.string('ended_by', 255);
    table
      .text('final_gates')
      .comment('JSON: what the gates said when it ended');
    table.string('final_payload', 80);
    table.integer('final_revision');
  });
  await knex.raw(
    `create unique index transition_requests_open on transition_requests (version_id) where state = 'open'`,
  );

  await knex.schema.createTable('decisions', table => {
    table.comment('What people decide on requests; rows are never changed');
    table.bigIncrements('id');
    table
      .string('request_id', 30)
      .notNullable()
      .references('id')
      .inTable('transition_requests')
      .index();
    table.string('decision', 15).notNullable();
    table.string('gate', 63);
    table.text('meaning').notNullable();
    table.text('comment');
    table
      .string('payload', 80)
      .notNullable()
      .comment('Digest of what was decided on');
    table
      .text('member_of')
      .notNullable()
      .comment('JSON: what the person belonged to then');
    table.string('at', 30).notNullable();
    table.string('by', 255).notNullable();
  });
  await knex.raw(
    `create unique index decisions_one_voice on decisions (request_id, payload, "by") where decision = 'approve'`,
  );

  await knex.schema.alterTable('transitions', table => {
    table.string('request_id', 30);
    table.text('gates').comment('JSON: what its gates said');
    table.text('decisions').comment('JSON: who said yes, and who waived what');
  });
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.alterTable('transitions', table => {
    table.dropColumns('request_id', 'gates', 'decisions');
  });
  await knex.schema.dropTable('decisions');
  await knex.schema.dropTable('transition_requests');
  await knex.schema.dropTable('checks');
};
