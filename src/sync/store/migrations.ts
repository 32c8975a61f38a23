import { type ColumnDataType, type Kysely, sql } from 'kysely'
import type { Migration, MigrationProvider } from 'kysely/migration'
import { conversions, conversionWorth } from './conversion-migration.ts'
import { formerNumbers, messages } from './message-migration.ts'
import type { Engine } from './tables.ts'

/** The schema for either engine. A released migration is never edited. */
export function migrations(engine: Engine): MigrationProvider {
  const all = {
    '001_tables': tables(engine),
    '002_mail': mail(engine),
    '003_budgets': budgets(engine),
    '004_rests': rests(engine),
    '005_deaths': deaths(),
    '006_readings': readings(engine),
    '007_request_types': requestTypes(engine),
    '008_merging': merging(engine),
    '009_waits': waits(),
    '010_conversions': conversions(engine),
    '011_forgotten_rows': forgottenRows(engine),
    '012_conversion_worth': conversionWorth(),
    '013_messages': messages(engine),
    '014_former_numbers': formerNumbers(engine),
  }
  return { getMigrations: async () => all }
}

/** The first tables. */
function tables(engine: Engine): Migration {
  return {
    async up(db: Kysely<never>) {
      const schema = schemaOf(db, engine)
      await createConnections(schema)
      await createJobs(schema)
      await createRequests(schema)
      await createLimits(schema)
      await createRows(schema)
      await createSchedules(schema)
      await createEvents(schema)
      await createLogins(schema)
    },
  }
}

type Schema = ReturnType<typeof schemaOf>

/** Column types of an engine, and how its tables and indexes are made. */
function schemaOf(db: Kysely<never>, engine: Engine) {
  const isPostgres = engine === 'postgres'
  const id: ColumnDataType = isPostgres ? 'uuid' : 'text'
  const json: ColumnDataType = isPostgres ? 'jsonb' : 'text'
  const time: ColumnDataType = isPostgres ? 'timestamptz' : 'text'
  return {
    db,
    id,
    json,
    time,
    create: (name: string) => db.schema.createTable(name),
    /** Begins a table whose first column numbers its rows. */
    createNumbered: (name: string, column: string) =>
      isPostgres
        ? db.schema.createTable(name).addColumn(column, 'bigserial', (c) => c.primaryKey())
        : db.schema.createTable(name).addColumn(column, 'integer', (c) => c.primaryKey().autoIncrement()),
    index: (name: string, table: string, columns: string[]) =>
      db.schema.createIndex(name).on(table).columns(columns).execute(),
  }
}

/** Organisations and their connections. */
async function createConnections({ create, index, id, json, time }: Schema): Promise<void> {
  await create('organizations')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('name', 'varchar(255)', (c) => c.notNull())
    .execute()
  await create('connectors')
    .addColumn('id', id, (c) => c.primaryKey())
    .addColumn('org_id', 'integer', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('type', 'varchar(50)', (c) => c.notNull())
    .addColumn('account_id', 'varchar(255)')
    .addColumn('credentials', json)
    .addColumn('status', 'varchar(50)', (c) => c.notNull().defaultTo('pending'))
    .addColumn('metadata', json, (c) => c.notNull().defaultTo('{}'))
    .addColumn('concurrency', 'integer', (c) => c.notNull())
    .addColumn('refresh_owner', 'text')
    .addColumn('refresh_until', time)
    .addColumn('created_at', time, (c) => c.notNull())
    .addColumn('updated_at', time, (c) => c.notNull())
    .addColumn('last_sync_at', time)
    .execute()
  await index('idx_connectors_org', 'connectors', ['org_id'])
  await index('idx_connectors_type', 'connectors', ['type'])
}

/** Jobs of the queue and synchronisations. */
async function createJobs({ db, create, index, id, json, time }: Schema): Promise<void> {
  await create('fetch_jobs')
    .addColumn('id', id, (c) => c.primaryKey())
    .addColumn('connector_id', id, (c) => c.notNull().references('connectors.id').onDelete('cascade'))
    .addColumn('report_type', 'varchar(100)', (c) => c.notNull())
    .addColumn('range_start', 'varchar(10)')
    .addColumn('range_end', 'varchar(10)')
    .addColumn('fields', json, (c) => c.notNull())
    .addColumn('status', 'varchar(50)', (c) => c.notNull())
    .addColumn('priority', 'integer', (c) => c.notNull())
    .addColumn('turn_at', time, (c) => c.notNull())
    .addColumn('not_before', time, (c) => c.notNull())
    .addColumn('parked_by', 'text')
    .addColumn('lease_owner', 'text')
    .addColumn('lease_until', time)
    .addColumn('claim', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('progress', 'double precision', (c) => c.notNull().defaultTo(0))
    .addColumn('memory', json)
    .addColumn('waits_for', 'text')
    .addColumn('execution_time_ms', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('records', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('calls', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('created_at', time, (c) => c.notNull())
    .addColumn('started_at', time)
    .addColumn('finished_at', time)
    .execute()
  await index('idx_jobs_turn', 'fetch_jobs', ['connector_id', 'status', 'turn_at'])
  await index('idx_jobs_order', 'fetch_jobs', ['status', 'turn_at'])
  await sql`CREATE INDEX idx_jobs_deferred ON fetch_jobs (not_before) WHERE status = 'deferred'`.execute(db)
  await sql`CREATE INDEX idx_jobs_leased ON fetch_jobs (lease_until) WHERE status = 'running'`.execute(db)
  await sql`CREATE INDEX idx_jobs_similar ON fetch_jobs (connector_id, report_type, created_at) WHERE status IN ('queued', 'deferred')`.execute(
    db,
  )

  await create('sync_jobs')
    .addColumn('id', id, (c) => c.primaryKey())
    .addColumn('connector_id', id, (c) => c.notNull().references('connectors.id').onDelete('cascade'))
    .addColumn('org_id', 'integer', (c) => c.notNull())
    .addColumn('trigger', 'varchar(20)', (c) => c.notNull())
    .addColumn('status', 'varchar(20)', (c) => c.notNull())
    .addColumn('error', 'text')
    .addColumn('retry_count', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('next_retry_at', time)
    .addColumn('created_at', time, (c) => c.notNull())
    .addColumn('started_at', time)
    .addColumn('completed_at', time)
    .execute()
  await index('idx_sync_jobs_connector', 'sync_jobs', ['connector_id', 'created_at'])
  await sql`CREATE INDEX idx_sync_jobs_retry ON sync_jobs (next_retry_at) WHERE status = 'pending'`.execute(
    db,
  )
}

/** Requests of callers. */
async function createRequests({ create, index, id, json, time }: Schema): Promise<void> {
  await create('connector_requests')
    .addColumn('id', id, (c) => c.primaryKey())
    .addColumn('connector_id', id, (c) => c.notNull().references('connectors.id').onDelete('cascade'))
    .addColumn('org_id', 'integer', (c) => c.notNull().references('organizations.id'))
    .addColumn('request_type', 'varchar(100)', (c) => c.notNull())
    .addColumn('params', json, (c) => c.notNull())
    .addColumn('status', 'varchar(50)', (c) => c.notNull().defaultTo('queued'))
    .addColumn('priority', 'integer', (c) => c.notNull().defaultTo(50))
    .addColumn('queue_position', 'integer')
    .addColumn('batched_with', json, (c) => c.notNull().defaultTo('[]'))
    .addColumn('result', json)
    .addColumn('error', 'text')
    .addColumn('execution_time_ms', 'integer')
    .addColumn('cost', 'decimal(10, 4)')
    .addColumn('created_at', time, (c) => c.notNull())
    .addColumn('started_at', time)
    .addColumn('completed_at', time)
    .addColumn('job_id', id, (c) => c.notNull().references('fetch_jobs.id').onDelete('cascade'))
    .addColumn('sync_job_id', id, (c) => c.references('sync_jobs.id').onDelete('cascade'))
    .addColumn('retryable', 'integer')
    .execute()
  await index('idx_requests_status', 'connector_requests', ['org_id', 'status', 'created_at'])
  await index('idx_requests_job', 'connector_requests', ['job_id'])
  await index('idx_requests_org', 'connector_requests', ['org_id', 'created_at'])
  await index('idx_requests_report', 'connector_requests', [
    'connector_id',
    'request_type',
    'status',
    'completed_at',
  ])
  await index('idx_requests_sync_job', 'connector_requests', ['sync_job_id'])
}

/** Calls that were made in a window of time. */
async function createLimits({ createNumbered, time }: Schema): Promise<void> {
  await createNumbered('rate_limits', 'id')
    .addColumn('connector_type', 'varchar(50)', (c) => c.notNull())
    .addColumn('org_id', 'integer', (c) => c.notNull().references('organizations.id'))
    .addColumn('endpoint', 'varchar(255)', (c) => c.notNull())
    .addColumn('limit_value', 'integer', (c) => c.notNull())
    .addColumn('current_count', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('window_start', time, (c) => c.notNull())
    .addColumn('window_end', time, (c) => c.notNull())
    .addUniqueConstraint('rate_limits_window', ['connector_type', 'org_id', 'endpoint', 'window_start'])
    .execute()
}

/** Rows that were read, and up to where. */
async function createRows({ create, index, id, json, time }: Schema): Promise<void> {
  await create('report_rows')
    .addColumn('connector_id', id, (c) => c.notNull().references('connectors.id').onDelete('cascade'))
    .addColumn('report_type', 'varchar(100)', (c) => c.notNull())
    .addColumn('row_key', 'text', (c) => c.notNull())
    .addColumn('date', 'varchar(10)', (c) => c.notNull())
    .addColumn('data', json, (c) => c.notNull())
    .addColumn('job_id', id, (c) => c.notNull())
    .addColumn('first_seen_at', time, (c) => c.notNull())
    .addColumn('changed_at', time, (c) => c.notNull())
    .addPrimaryKeyConstraint('report_rows_key', ['connector_id', 'report_type', 'row_key'])
    .execute()
  await index('idx_report_rows_date', 'report_rows', ['connector_id', 'report_type', 'date', 'row_key'])

  await create('cursors')
    .addColumn('connector_id', id, (c) => c.notNull().references('connectors.id').onDelete('cascade'))
    .addColumn('report_type', 'varchar(100)', (c) => c.notNull())
    .addColumn('value', json, (c) => c.notNull())
    .addColumn('updated_at', time, (c) => c.notNull())
    .addPrimaryKeyConstraint('cursors_key', ['connector_id', 'report_type'])
    .execute()
}

/** When connections are read by themselves, and what was given up. */
async function createSchedules({ create, index, id, time }: Schema): Promise<void> {
  await create('schedules')
    .addColumn('connector_id', id, (c) => c.primaryKey().references('connectors.id').onDelete('cascade'))
    .addColumn('org_id', 'integer', (c) => c.notNull())
    .addColumn('cron', 'varchar(100)', (c) => c.notNull())
    .addColumn('timezone', 'varchar(64)', (c) => c.notNull())
    .addColumn('next_at', time, (c) => c.notNull())
    .execute()
  await index('idx_schedules_next', 'schedules', ['next_at'])
  await create('dead_letters')
    .addColumn('id', id, (c) => c.primaryKey())
    .addColumn('org_id', 'integer', (c) => c.notNull())
    .addColumn('connector_id', id, (c) => c.notNull().references('connectors.id').onDelete('cascade'))
    .addColumn('sync_job_id', id, (c) => c.notNull())
    .addColumn('error', 'text', (c) => c.notNull())
    .addColumn('created_at', time, (c) => c.notNull())
    .execute()
  await index('idx_dead_letters_org', 'dead_letters', ['org_id', 'created_at'])
}

/** Events that are published, and events that platforms have sent. */
async function createEvents({ db, create, createNumbered, id, json, time }: Schema): Promise<void> {
  await createNumbered('events', 'seq')
    .addColumn('id', id, (c) => c.notNull())
    .addColumn('org_id', 'integer', (c) => c.notNull())
    .addColumn('type', 'varchar(50)', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('data', json, (c) => c.notNull())
    .addColumn('time', time, (c) => c.notNull())
    .addColumn('published_at', time)
    .execute()
  await sql`CREATE INDEX idx_events_waiting ON events (seq) WHERE published_at IS NULL`.execute(db)
  await create('webhook_events')
    .addColumn('connector_id', id, (c) => c.notNull().references('connectors.id').onDelete('cascade'))
    .addColumn('event_id', 'varchar(255)', (c) => c.notNull())
    .addColumn('received_at', time, (c) => c.notNull())
    .addColumn('body', json, (c) => c.notNull())
    .addPrimaryKeyConstraint('webhook_events_key', ['connector_id', 'event_id'])
    .execute()
}

/** Logins that were begun. */
async function createLogins({ create, id, json, time }: Schema): Promise<void> {
  await create('oauth_states')
    .addColumn('state_hash', 'varchar(64)', (c) => c.primaryKey())
    .addColumn('org_id', 'integer', (c) => c.notNull())
    .addColumn('connector_type', 'varchar(50)', (c) => c.notNull())
    .addColumn('connector_id', id)
    .addColumn('callback_url', 'text', (c) => c.notNull())
    .addColumn('verifier', json, (c) => c.notNull())
    .addColumn('settings', json, (c) => c.notNull())
    .addColumn('expires_at', time, (c) => c.notNull())
    .execute()
}

/** E-mails: suppressed recipients, and e-mails still to be sent. */
function mail(engine: Engine): Migration {
  const postgres = engine === 'postgres'
  const id: ColumnDataType = postgres ? 'uuid' : 'text'
  const time: ColumnDataType = postgres ? 'timestamptz' : 'text'

  return {
    async up(db: Kysely<never>) {
      await db.schema
        .createTable('mail_suppressions')
        .addColumn('connector_id', id, (c) => c.notNull().references('connectors.id').onDelete('cascade'))
        .addColumn('address', 'varchar(320)', (c) => c.notNull())
        .addColumn('reason', 'varchar(50)', (c) => c.notNull())
        .addColumn('since', time, (c) => c.notNull())
        .addPrimaryKeyConstraint('mail_suppressions_key', ['connector_id', 'address'])
        .execute()
      await db.schema
        .createTable('mail_notices')
        .addColumn('event_id', id, (c) => c.primaryKey())
        .addColumn('connector_id', id, (c) => c.notNull().references('connectors.id').onDelete('cascade'))
        .addColumn('subject', 'text', (c) => c.notNull())
        .addColumn('text', 'text', (c) => c.notNull())
        .addColumn('status', 'varchar(20)', (c) => c.notNull())
        .addColumn('attempts', 'integer', (c) => c.notNull())
        .addColumn('next_at', time, (c) => c.notNull())
        .addColumn('error', 'text')
        .addColumn('created_at', time, (c) => c.notNull())
        .execute()
      await sql`CREATE INDEX idx_mail_notices_due ON mail_notices (next_at) WHERE status = 'waiting'`.execute(
        db,
      )
    },
  }
}

/** Daily budgets set through Bidwarden, for comparing the spend. */
function budgets(engine: Engine): Migration {
  const time: ColumnDataType = engine === 'postgres' ? 'timestamptz' : 'text'
  return {
    async up(db: Kysely<never>) {
      await db.schema
        .createTable('campaign_budgets')
        .addColumn('connector_type', 'varchar(50)', (c) => c.notNull())
        .addColumn('account_id', 'varchar(255)', (c) => c.notNull())
        .addColumn('campaign_id', 'varchar(64)', (c) => c.notNull())
        .addColumn('set_at', time, (c) => c.notNull())
        .addColumn('daily_micros', 'bigint', (c) => c.notNull())
        .execute()
      await db.schema
        .createIndex('idx_campaign_budgets_account')
        .on('campaign_budgets')
        .columns(['connector_type', 'account_id', 'set_at'])
        .execute()
    },
  }
}

/** Until when no job of a connection begins, because its calls are limited. */
function rests(engine: Engine): Migration {
  const time: ColumnDataType = engine === 'postgres' ? 'timestamptz' : 'text'
  return {
    async up(db: Kysely<never>) {
      await db.schema.alterTable('connectors').addColumn('resting_until', time).execute()
    },
  }
}

/** For each row: the download that brought it, and since when complete readings lack it. */
function readings(engine: Engine): Migration {
  const time: ColumnDataType = engine === 'postgres' ? 'timestamptz' : 'text'
  return {
    async up(db: Kysely<never>) {
      await db.schema.alterTable('report_rows').addColumn('download', 'text').execute()
      await db.schema.alterTable('report_rows').addColumn('absent_since', time).execute()
    },
  }
}

/** Id types and defaults on PostgreSQL, where others may read and write requests by SQL. SQLite has neither. */
function requestTypes(engine: Engine): Migration {
  return {
    async up(db: Kysely<never>) {
      if (engine !== 'postgres') return
      await sql`ALTER TABLE connector_requests
        ALTER COLUMN id SET DEFAULT gen_random_uuid(),
        ALTER COLUMN created_at SET DEFAULT now(),
        ALTER COLUMN batched_with DROP DEFAULT,
        ALTER COLUMN batched_with TYPE uuid[] USING translate(batched_with::text, '[]"', '{}')::uuid[],
        ALTER COLUMN batched_with SET DEFAULT '{}'`.execute(db)
    },
  }
}

/** How long a job has rested since it began. */
function waits(): Migration {
  return {
    async up(db: Kysely<never>) {
      await db.schema
        .alterTable('fetch_jobs')
        .addColumn('rested_ms', 'integer', (c) => c.notNull().defaultTo(0))
        .execute()
    },
  }
}

/** Which reading serves a job, and since when earlier readings of a connection are out of date. */
function merging(engine: Engine): Migration {
  const postgres = engine === 'postgres'
  return {
    async up(db: Kysely<never>) {
      await db.schema
        .alterTable('fetch_jobs')
        .addColumn('rows_of', postgres ? 'uuid' : 'text')
        .execute()
      await db.schema
        .alterTable('connectors')
        .addColumn('changed_at', postgres ? 'timestamptz' : 'text')
        .execute()
      await sql`CREATE INDEX idx_jobs_done ON fetch_jobs (connector_id, report_type, finished_at) WHERE finished_at IS NOT NULL`.execute(
        db,
      )
      await sql`CREATE INDEX idx_jobs_rows_of ON fetch_jobs (rows_of) WHERE rows_of IS NOT NULL`.execute(db)
    },
  }
}

/** How many processes died during a job, and the row that is written to test whether writing works. */
function deaths(): Migration {
  return {
    async up(db: Kysely<never>) {
      await db.schema
        .alterTable('fetch_jobs')
        .addColumn('deaths', 'integer', (c) => c.notNull().defaultTo(0))
        .execute()
      await db.schema
        .createTable('notes')
        .addColumn('name', 'varchar(50)', (c) => c.primaryKey())
        .addColumn('value', 'text', (c) => c.notNull())
        .execute()
    },
  }
}

/** Up to which date rows of a report were deleted for age or room, so that nobody takes their absence for a figure. */
function forgottenRows(engine: Engine): Migration {
  const postgres = engine === 'postgres'
  return {
    async up(db: Kysely<never>) {
      await db.schema
        .createTable('forgotten_rows')
        .addColumn('connector_id', postgres ? 'uuid' : 'text', (c) =>
          c.notNull().references('connectors.id').onDelete('cascade'),
        )
        .addColumn('report_type', 'varchar(100)', (c) => c.notNull())
        .addColumn('through', 'varchar(10)', (c) => c.notNull())
        .addColumn('forgotten_at', postgres ? 'timestamptz' : 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('forgotten_rows_key', ['connector_id', 'report_type'])
        .execute()
      await db.schema
        .createIndex('idx_mail_notices_connector')
        .on('mail_notices')
        .columns(['connector_id', 'created_at'])
        .execute()
    },
  }
}
