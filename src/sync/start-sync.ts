import type { OpenAPIHono } from '@hono/zod-openapi'
import { nanoid } from 'nanoid'
import type { ApiEnv } from '../api/index.ts'
import type { Connector } from '../connectors/index.ts'
import { createHttpClient } from '../http/http.ts'
import { createSyncApp } from './api/app.ts'
import { OpenStreams } from './api/events.ts'
import { Background } from './background.ts'
import { createKeyring, type Keyring } from './credentials/index.ts'
import type { FileBytes } from './forget-old.ts'
import { type SyncDeps, settleSyncs } from './jobs/index.ts'
import { type PeriodicWork, startPeriodicWork, UNREADABLE } from './periodic-work.ts'
import { createPlatformCalls, type PlatformCalls } from './platform-calls.ts'
import { ReportFiles } from './reports/index.ts'
import { openStore, type Store, type StoreState } from './store/index.ts'
import type { Sync } from './sync.ts'
import type { SyncOptions, SyncOutside } from './sync-options.ts'
import { makeAuthorizationPlace, type SyncTable } from './table-limits.ts'
import { JobRunner } from './work/index.ts'

export interface RunningSync {
  readonly app: OpenAPIHono<ApiEnv>
  readonly sync: Sync
  /** State of `sync`. */
  readonly state: StoreState
  /** Rows of a table; of a table with a limit per organisation, the rows of the longest. Counted once a minute. */
  rowsOf(table: SyncTable | 'event_streams'): number
  /** Bytes of the database, and of report files: all, and those of the organisation that has most. */
  readonly databaseBytes: number | undefined
  readonly fileBytes: FileBytes | undefined
  /** Ends streams of events, so that the server can close. */
  endStreams(): void
  stop(): Promise<void>
}

/** Opens the database, continues what an earlier process left, and starts to work. */
export async function startSync(options: SyncOptions, outside: SyncOutside): Promise<RunningSync> {
  const { clock, log } = outside
  const store = await openStore(options.store, (state, cause) =>
    log.warn({ ...state, ...(cause !== undefined && { err: cause }) }, 'the database of connections'),
  )
  const http = createHttpClient(clock)
  const keyring = createKeyring(options.keys())
  const owner = nanoid()
  const connectors = new Map<string, Connector>(options.connectors.map((one) => [one.type, one]))
  const connectorOf = (type: string) => connectors.get(type)
  const background = new Background(log)
  const calling = createPlatformCalls(
    { store, http, keyring, owner, connectors, background },
    options,
    outside,
  )
  const jobs: SyncDeps = {
    store,
    clock,
    connectorOf,
    onGivenUp: (job, error) =>
      log.error(
        { syncJobId: job.id, connectorId: job.connector_id, error },
        'a synchronisation was given up',
      ),
  }
  const reports = new ReportFiles()
  const { files, callCost } = options
  const jobRunner = new JobRunner(
    { store, clock, log, calls: calling.calls, files, reports, connectorOf, owner, callCost },
    options.maxConcurrent,
    (job) => settleSyncs(jobs, job.id),
  )
  const periodic = await startPeriodicWork(
    { store, keyring, calls: calling.calls, jobs, jobRunner, background, connectorOf },
    options,
    outside,
  )
  const sync = syncOf({ store, keyring, connectors, calling, jobs, jobRunner, periodic }, options, outside)
  const streams = new OpenStreams(options.tableLimits.event_streams)
  return {
    app: createSyncApp(sync, streams),
    sync,
    get state() {
      return sync.state
    },
    rowsOf: (table) => (table === 'event_streams' ? streams.size : (periodic.rows?.[table] ?? 0)),
    get databaseBytes() {
      return periodic.databaseBytes
    },
    get fileBytes() {
      return periodic.fileBytes
    },
    endStreams: () => streams.end(),
    async stop() {
      background.stop()
      await periodic.stop()
      periodic.close()
      await http.close()
      await reports.close()
      await store.close()
    },
  }
}

interface SyncParts {
  readonly store: Store
  readonly keyring: Keyring
  readonly connectors: ReadonlyMap<string, Connector>
  readonly calling: PlatformCalls
  readonly jobs: SyncDeps
  readonly jobRunner: JobRunner
  readonly periodic: PeriodicWork
}

/** The parts as the routes use them. */
function syncOf(parts: SyncParts, options: SyncOptions, outside: SyncOutside): Sync {
  const { store, keyring, connectors, calling, jobs, jobRunner, periodic } = parts
  const { tableLimits } = options
  const { clock } = outside
  return {
    get state() {
      const { unreadable } = periodic
      if (store.state.is === 'away' || unreadable === 0) return store.state
      return { is: 'away', detail: `${unreadable} connections: ${UNREADABLE}` } as const
    },
    store,
    clock,
    log: outside.log,
    keyring,
    ...calling,
    files: options.files,
    ownSpendOf: outside.ownSpendOf,
    jobs,
    jobRunner,
    authorize: outside.authorize,
    audit: outside.audit,
    payer: outside.payer,
    authorization: {
      store,
      clock,
      keyring,
      callbacks: options.callbacks,
      makePlace: (orgId) => makeAuthorizationPlace(store.db, orgId, tableLimits),
    },
    tableLimits,
    connectors,
    maxConcurrent: options.maxConcurrent,
    makingMs(connector, reportType, range) {
      const usualMs = connector.makingMs?.(reportType, range) ?? 0
      return usualMs === 0 ? 0 : (options.makingMs ?? usualMs)
    },
  }
}
