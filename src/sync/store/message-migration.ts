import { type ColumnDataType, type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Engine } from './tables.ts'

/** Tables of WhatsApp messages, and the columns by which a webhook finds its connection. */
export function messages(engine: Engine): Migration {
  const serial: ColumnDataType = engine === 'postgres' ? 'bigserial' : 'integer'
  return {
    async up(db: Kysely<never>) {
      for (const [column, type] of [
        ['account', 'varchar(64)'],
        ['verify_digest', 'varchar(64)'],
      ] as const)
        await db.schema.alterTable('conversion_connections').addColumn(column, type).execute()
      // Until now only the sandbox could have a WhatsApp connection; the start makes it anew.
      await sql`DELETE FROM conversion_connections WHERE platform = 'whatsapp'`.execute(db)
      await db.schema
        .createTable('conversion_messages')
        .addColumn('seq', serial, (c) => c.primaryKey())
        .addColumn('org_id', 'integer', (c) => c.notNull())
        .addColumn('message_id', 'varchar(128)', (c) => c.notNull())
        .addColumn('body_digest', 'varchar(64)', (c) => c.notNull())
        .addColumn('template', 'varchar(512)', (c) => c.notNull())
        .addColumn('language', 'varchar(16)', (c) => c.notNull())
        .addColumn('callback_id', 'varchar(64)', (c) => c.notNull())
        .addColumn('state', 'varchar(16)', (c) => c.notNull())
        .addColumn('due_ms', 'bigint')
        .addColumn('expires_ms', 'bigint', (c) => c.notNull())
        .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('code', 'varchar(100)')
        .addColumn('detail', 'text')
        .addColumn('account', 'varchar(64)')
        .addColumn('platform_id', 'varchar(256)')
        .addColumn('last_attempt_ms', 'bigint')
        .addColumn('status_ms', 'bigint')
        .addColumn('lease_owner', 'varchar(64)')
        .addColumn('sealed', 'text')
        .addColumn('created_ms', 'bigint', (c) => c.notNull())
        .execute()
      for (const statement of INDEXES) await sql.raw(statement).execute(db)
    },
  }
}

/** Numbers and secrets of WhatsApp connections before they were changed. */
export function formerNumbers(engine: Engine): Migration {
  const serial: ColumnDataType = engine === 'postgres' ? 'bigserial' : 'integer'
  return {
    async up(db: Kysely<never>) {
      await db.schema
        .createTable('conversion_former_numbers')
        .addColumn('seq', serial, (c) => c.primaryKey())
        .addColumn('org_id', 'integer', (c) => c.notNull())
        .addColumn('account', 'varchar(64)', (c) => c.notNull())
        .addColumn('secret', 'text', (c) => c.notNull())
        .addColumn('changed_ms', 'bigint', (c) => c.notNull())
        .addColumn('until_ms', 'bigint', (c) => c.notNull())
        .execute()
      await sql`CREATE INDEX idx_conversion_former_numbers ON conversion_former_numbers (account)`.execute(db)
    },
  }
}

const INDEXES = [
  'CREATE INDEX idx_conversion_connections_account ON conversion_connections (account) WHERE account IS NOT NULL',
  'CREATE INDEX idx_conversion_connections_verify ON conversion_connections (verify_digest) WHERE verify_digest IS NOT NULL',
  'CREATE UNIQUE INDEX idx_conversion_messages_key ON conversion_messages (org_id, message_id)',
  'CREATE UNIQUE INDEX idx_conversion_messages_callback ON conversion_messages (callback_id)',
  'CREATE INDEX idx_conversion_messages_platform ON conversion_messages (platform_id) WHERE platform_id IS NOT NULL',
  'CREATE INDEX idx_conversion_messages_org ON conversion_messages (org_id, seq)',
  'CREATE INDEX idx_conversion_messages_created ON conversion_messages (created_ms)',
  'CREATE INDEX idx_conversion_messages_due ON conversion_messages (org_id, state, due_ms) WHERE due_ms IS NOT NULL',
]
