// @ts-check

/**
 * The audit trail: events, their places in the chain, and signatures over how far it
 * had come. Rows can be added, and never changed or taken out.
 *
 * @param {import('knex').Knex} knex
 */
exports.up = async function up(knex) {
  await knex.schema.createTable('audit_events', table => {
    table.comment('Who changed what, or tried to; rows are never changed');
    table.bigIncrements('id');
    table
      .text('content')
      .notNullable()
      .comment('The event as canonical JSON: all that is in the chain');
    // What it is searched by.
    table.string('at', 30).notNullable().index();
    table.string('actor', 255).notNullable().index();
    table.string('action', 63).notNullable().index();
    table.string('outcome', 15).notNullable();
    table.bigInteger('asset_id').unsigned().index();
  });
  await knex.schema.createTable('audit_seals', table => {
    table.bigInteger('sequence').primary().comment('From 1, without gaps');
    table.bigInteger('event_id').notNullable().unique();
    table.string('hash', 80).notNullable();
    table.string('sealed_at', 30).notNullable();
  });
  await knex.schema.createTable('audit_checkpoints', table => {
    table.bigInteger('sequence').primary().comment('Of the last seal');
    table.string('hash', 80).notNullable();
    table.string('at', 30).notNullable();
    table.text('public_key').notNullable();
    table.text('signature').notNullable();
  });

  const tables = ['audit_events', 'audit_seals', 'audit_checkpoints'];
  if (knex.client.config.client === 'pg') {
    await knex.raw(`create function audit_append_only() returns trigger as $$
      begin
        raise exception 'the audit trail is append-only';
      end;
    $$ language plpgsql`);
    for (const table of tables) {
      await knex.raw(
        `create trigger ${table}_rows before update or delete on ${table}
         for each row execute function audit_append_only()`,
      );
      await knex.raw(
        `create trigger ${table}_all before truncate on ${table}
         for each statement execute function audit_append_only()`,
      );
    }
    return;
  }
  for (const table of tables) {
    const key = table === 'audit_events' ? 'id' : 'sequence';
    const refuse = `begin select raise(abort, 'the audit trail is append-only'); end`;
    await knex.raw(
      `create trigger ${table}_update before update on ${table} ${refuse}`,
    );
    await knex.raw(
      `create trigger ${table}_delete before delete on ${table} ${refuse}`,
    );
    // An insert that replaces would take a row out without a delete.
    await knex.raw(
      `create trigger ${table}_replace before insert on ${table}
       when exists (select 1 from ${table} where ${key} = new.${key}) ${refuse}`,
    );
  }
};

/** @param {import('knex').Knex} knex */
exports.down = async function down(knex) {
  await knex.schema.dropTable('audit_checkpoints');
  await knex.schema.dropTable('audit_seals');
  await knex.schema.dropTable('audit_events');
  if (knex.client.config.client === 'pg')
    await knex.raw('drop function audit_append_only');
};
