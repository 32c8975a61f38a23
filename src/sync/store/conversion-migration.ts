import { type ColumnDataType, type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Engine } from './tables.ts'

/** Tables of conversions: connections, mappings, events, deliveries, calls that are processed later, and counts. */
export function conversions(engine: Engine): Migration {
  const serial: ColumnDataType = engine === 'postgres' ? 'bigserial' : 'integer'
  return {
    async up(db: Kysely<never>) {
      await settings(db)
      await db.schema
        .createTable('conversion_events')
        .addColumn('seq', serial, (c) => c.primaryKey())
        .addColumn('org_id', 'integer', (c) => c.notNull())
        .addColumn('event_name', 'varchar(64)', (c) => c.notNull())
        .addColumn('event_id', 'varchar(128)', (c) => c.notNull())
        .addColumn('event_time_ms', 'bigint', (c) => c.notNull())
        .addColumn('action_source', 'varchar(32)', (c) => c.notNull())
        .addColumn('data', 'text', (c) => c.notNull())
        .addColumn('bid_id', 'varchar(128)')
        .addColumn('created_ms', 'bigint', (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('conversion_deliveries')
        .addColumn('seq', serial, (c) => c.primaryKey())
        .addColumn('org_id', 'integer', (c) => c.notNull())
        .addColumn('platform', 'varchar(20)', (c) => c.notNull())
        .addColumn('event_name', 'varchar(64)', (c) => c.notNull())
        .addColumn('event_id', 'varchar(128)', (c) => c.notNull())
        .addColumn('state', 'varchar(16)', (c) => c.notNull())
        .addColumn('due_ms', 'bigint')
        .addColumn('expires_ms', 'bigint', (c) => c.notNull())
        .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('code', 'varchar(100)')
        .addColumn('detail', 'text')
        .addColumn('request_id', 'varchar(200)')
        .addColumn('latency_ms', 'double precision')
        .addColumn('first_attempt_ms', 'bigint')
        .addColumn('last_attempt_ms', 'bigint')
        .addColumn('unknown_since_ms', 'bigint')
        .addColumn('lease_owner', 'varchar(64)')
        .addColumn('mapping_version', 'integer', (c) => c.notNull())
        .addColumn('match_quality', 'double precision', (c) => c.notNull())
        .addColumn('sealed', 'text')
        .addColumn('created_ms', 'bigint', (c) => c.notNull())
        .addColumn('ended_ms', 'bigint')
        .execute()
      for (const statement of INDEXES) await sql.raw(statement).execute(db)
    },
  }
}

/** The value of conversions and the bids that bought them, and the daily match quality. */
export function conversionWorth(): Migration {
  return {
    async up(db: Kysely<never>) {
      const added = [
        ['worth', "varchar(16) NOT NULL DEFAULT 'no_bid'"],
        ['value_micros', 'bigint'],
        ['currency', 'varchar(3)'],
        ['bid_at_ms', 'bigint'],
        ['bid_platform', 'varchar(20)'],
        ['bid_campaign', 'varchar(128)'],
        ['bid_source', 'varchar(16)'],
        ['bid_currency', 'varchar(3)'],
      ]
      for (const [name, type] of added)
        await sql.raw(`ALTER TABLE conversion_events ADD COLUMN ${name} ${type}`).execute(db)
      await sql`UPDATE conversion_events SET worth = 'waiting' WHERE bid_id IS NOT NULL`.execute(db)
      for (const statement of [
        "CREATE INDEX idx_conversion_events_waiting ON conversion_events (seq) WHERE worth = 'waiting'",
        "CREATE INDEX idx_conversion_events_joined ON conversion_events (org_id, bid_at_ms) WHERE worth = 'joined'",
        "CREATE INDEX idx_conversion_events_unjoined ON conversion_events (org_id, event_name, event_time_ms, worth) WHERE worth <> 'joined'",
      ])
        await sql.raw(statement).execute(db)
      await db.schema
        .createTable('conversion_quality_days')
        .addColumn('org_id', 'integer', (c) => c.notNull())
        .addColumn('platform', 'varchar(20)', (c) => c.notNull())
        .addColumn('day_ms', 'bigint', (c) => c.notNull())
        .addColumn('events', 'bigint', (c) => c.notNull())
        .addColumn('quality_sum', 'double precision', (c) => c.notNull())
        .addPrimaryKeyConstraint('conversion_quality_days_key', ['org_id', 'platform', 'day_ms'])
        .execute()
    },
  }
}

const INDEXES = [
  'CREATE UNIQUE INDEX idx_conversion_events_key ON conversion_events (org_id, event_id, event_name)',
  'CREATE INDEX idx_conversion_events_org ON conversion_events (org_id, seq)',
  'CREATE UNIQUE INDEX idx_conversion_deliveries_key ON conversion_deliveries (org_id, event_id, event_name, platform)',
  'CREATE INDEX idx_conversion_deliveries_org ON conversion_deliveries (org_id, seq)',
  'CREATE INDEX idx_conversion_deliveries_due ON conversion_deliveries (org_id, platform, due_ms) WHERE due_ms IS NOT NULL',
  'CREATE INDEX idx_conversion_deliveries_sealed ON conversion_deliveries (expires_ms) WHERE sealed IS NOT NULL',
  'CREATE INDEX idx_conversion_deliveries_state ON conversion_deliveries (org_id, state, seq)',
  'CREATE INDEX idx_conversion_deliveries_request ON conversion_deliveries (org_id, platform, request_id) WHERE request_id IS NOT NULL',
]

/** Tables of connections and mappings, of calls that are processed later, and of counts by minute. */
async function settings(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('conversion_connections')
    .addColumn('org_id', 'integer', (c) => c.notNull())
    .addColumn('platform', 'varchar(20)', (c) => c.notNull())
    .addColumn('status', 'varchar(20)', (c) => c.notNull())
    .addColumn('message', 'text')
    .addColumn('credentials', 'text')
    .addColumn('settings', 'text', (c) => c.notNull())
    .addColumn('resting_until_ms', 'bigint')
    .addColumn('health', 'varchar(16)', (c) => c.notNull().defaultTo('healthy'))
    .addColumn('updated_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('conversion_connections_key', ['org_id', 'platform'])
    .execute()
  await db.schema
    .createTable('conversion_mappings')
    .addColumn('org_id', 'integer', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('mappings', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('conversion_mappings_key', ['org_id', 'version'])
    .execute()
  await db.schema
    .createTable('conversion_calls')
    .addColumn('org_id', 'integer', (c) => c.notNull())
    .addColumn('platform', 'varchar(20)', (c) => c.notNull())
    .addColumn('request_id', 'varchar(200)', (c) => c.notNull())
    .addColumn('events', 'integer', (c) => c.notNull())
    .addColumn('due_ms', 'bigint', (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('conversion_calls_key', ['org_id', 'platform', 'request_id'])
    .execute()
  await db.schema
    .createTable('conversion_minutes')
    .addColumn('org_id', 'integer', (c) => c.notNull())
    .addColumn('platform', 'varchar(20)', (c) => c.notNull())
    .addColumn('minute_ms', 'bigint', (c) => c.notNull())
    .addColumn('calls', 'integer', (c) => c.notNull())
    .addColumn('failed_calls', 'integer', (c) => c.notNull())
    .addColumn('events', 'integer', (c) => c.notNull())
    .addColumn('failed_events', 'integer', (c) => c.notNull())
    .addColumn('latency_ms', 'double precision', (c) => c.notNull())
    .addColumn('circuit_state', 'varchar(16)', (c) => c.notNull())
    .addPrimaryKeyConstraint('conversion_minutes_key', ['org_id', 'platform', 'minute_ms'])
    .execute()
}
