import type { OpenAPIHono } from '@hono/zod-openapi'
import { nanoid } from 'nanoid'
import type { Authorize, Env } from '../api/index.ts'
import { type Clock, every } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { createHttpClient } from '../http.ts'
import type { Logger } from '../log.ts'
import type { RateLimit } from '../shield/index.ts'
import { createSyncApp } from './api/app.ts'
import { OpenStreams } from './api/events.ts'
import type { ConnectorRow } from './connections.ts'
import type { CallLimit, ConnectorType, ReadConnector } from './connectors/read-connector.ts'
import { countUnreadable, createKeyring } from './credentials/index.ts'
import { type CloudEvent, createEventStream, emit, publishWaiting } from './events/index.ts'
import { forgetOld, type Keep } from './forget-old.ts'
import { retryDue, runSchedules, settleLeftOver, settleSyncs } from './jobs/index.ts'
import { planNotice, sendNotices } from './mail/index.ts'
import { createNotifier } from './notify.ts'
import { createTokenKeeper, type OauthClient } from './oauth/index.ts'
import { type OwnSpendOf, type SpendSummary, summariseSpend } from './reconcile/index.ts'
import type { FileStore } from './reports/index.ts'
import {
  type CallDeps,
  type CallerOf,
  type Calling,
  createBreakers,
  createLimits,
  forgetOldWindows,
  HealthRecord,
  type SharedLimiter,
} from './run/index.ts'
import { openStore, type StoreAddress, StoreAway, type StoreState } from './store/index.ts'
import type { Payer, Sync } from './sync.ts'
import { infoOf, startWorker } from './work/index.ts'

export interface SyncOptions {
  readonly store: StoreAddress
  readonly files: FileStore
  /** AES-256 keys; the first seals. Asked for once the database is open: a key is made with it, never before. */
  readonly keys: () => readonly Buffer[]
  readonly connectors: readonly ReadConnector[]
  readonly clients: Readonly<Partial<Record<ConnectorType, OauthClient>>>
  readonly callbacks: { readonly urls: readonly string[]; readonly loopback: boolean }
  /** Replaces what a connector says of its limits, for each of its buckets. */
  readonly limits: Readonly<Partial<Record<ConnectorType, readonly RateLimit[]>>>
  readonly maxConcurrent: number
  /** For one request to a platform. */
  readonly timeoutMs: number
  /** Between two looks at a report that a platform makes; undefined for as long as its connector says. */
  readonly longestWaitMs?: number | undefined
  readonly callCost: number
  /** Told of synchronisations that were given up. */
  readonly notifyUrl: string | undefined
  readonly keep: Keep
  /** A Redis whose stream `connector.events` every event is appended to. */
  readonly streamUrl: string | undefined
  /** For e-mails of which the connection that sends them does not say it. */
  readonly notifyMail: { readonly from: string | undefined; readonly to: readonly string[] }
}

export interface SyncOutside {
  readonly clock: Clock
  readonly log: Logger
  readonly authorize: Authorize
  /** Nothing that lets a platform spend more is done without one. */
  readonly payer?: Payer
  /** Accounts that others in this service call as well. */
  readonly sharedBy?: SharedLimiter
  readonly onCall: (type: ConnectorType, outcome: string, latencyMs: number) => void
  /** What our own ledger has as spent, to be put beside what the platforms report. */
  readonly ownSpendOf: OwnSpendOf
  /** How reported and own spend stand, from time to time; all accounts at once. */
  readonly onSpend: (accounts: readonly SpendSummary[]) => void
  /** Every event once it is published. */
  readonly onEvent: (event: CloudEvent) => void
}

export interface RunningSync {
  readonly app: OpenAPIHono<Env>
  readonly sync: Sync
  /** That of `sync`. */
  readonly state: StoreState
  /** Ends answers that go on for ever, so that the server can close. */
  endStreams(): void
  stop(): Promise<void>
}

/** Largest answer to a single question; reports are streamed. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Between two looks for what is due: repetitions, schedules, events to publish. */
const TICK_MS = 1_000
const SWEEP_MS = 600_000
/** Between two counts of the connections whose credentials cannot be read, while there are any. */
const RECOUNT_MS = 60_000
/** Between two comparisons of reported and own spend. */
const SPEND_MS = 900_000

const UNREADABLE =
  'their credentials were encrypted with keys that are not in ENCRYPTION_KEY; add those, or connect the accounts again'

/** Opens the database, takes up what an earlier process left, and begins to work. */
export async function startSync(options: SyncOptions, outside: SyncOutside): Promise<RunningSync> {
  const { clock, log, authorize } = outside
  const store = await openStore(options.store, (state, cause) =>
    log.warn({ ...state, ...(cause !== undefined && { err: cause }) }, 'the database of connections'),
  )
  const http = createHttpClient(clock, MAX_ANSWER_BYTES)
  const keyring = createKeyring(options.keys())
  const owner = nanoid()
  const connectors = new Map<string, ReadConnector>(options.connectors.map((one) => [one.type, one]))
  const connectorOf = (type: string) => connectors.get(type)
  const clientOf = (type: string) => Object.entries(options.clients).find(([name]) => name === type)?.[1]
  const limitsOf = (type: ConnectorType) =>
    limitsFor(connectors.get(type)?.limits ?? [], options.limits[type])

  const authOf = (row: Pick<ConnectorRow, 'type' | 'metadata'>) => {
    const connector = connectors.get(row.type)
    return connector?.authFor?.(infoOf(row).settings) ?? connector?.auth ?? ({ is: 'api_key' } as const)
  }
  const onClientRefused = (type: string, detail: string) =>
    log.error(
      { connector: type, detail },
      'the provider refuses our OAuth client: the operator has to mend it',
    )
  const tokens = createTokenKeeper({ store, clock, keyring, owner, authOf, clientOf, onClientRefused })
  const limits = createLimits(store, clock, limitsOf, outside.sharedBy)
  const background = (work: Promise<unknown>) =>
    work.catch((error) => {
      // That the database is away is said once, when it goes.
      if (!stopping && !(error instanceof StoreAway)) log.error({ err: error }, messageOf(error))
    })
  const breakers = createBreakers(clock, ({ type, bucket: calls, connection, from, to }) => {
    log.warn({ connector: type, connectorId: connection?.connectorId, calls, from, to }, 'circuit breaker')
    if (to === 'open') background(tellOrganisations(type, calls, connection))
  })
  const health = new HealthRecord(clock)
  const calls: CallDeps = {
    clock,
    http,
    tokens,
    limits,
    breakers,
    timeoutMs: options.timeoutMs,
    longestWaitMs: options.longestWaitMs,
    onCall({ connector, connectorId }, outcome, latencyMs) {
      health.note(connectorId, outcome, latencyMs)
      outside.onCall(connector.type, outcome, latencyMs)
    },
    onLimited: (caller, retryAfterMs) => void background(tellLimited(caller, retryAfterMs)),
  }

  async function tellLimited(
    { connector, connectorId, account }: CallerOf,
    retryAfterMs: number,
  ): Promise<void> {
    const data = {
      connector_type: connector.type,
      account_id: account.accountId,
      retry_after_ms: Math.ceil(retryAfterMs),
    }
    await emit(store.db, clock, { orgId: account.orgId, type: 'rate_limit_hit', subject: connectorId, data })
  }

  /** Whose connection is left alone; all that have one where it is the platform. */
  async function tellOrganisations(type: ConnectorType, calls: string, only?: Calling): Promise<void> {
    let query = store.db.selectFrom('connectors').select(['id', 'org_id']).where('type', '=', type)
    if (only) query = query.where('id', '=', only.connectorId)
    const rows = await query.execute()
    for (const { id, org_id } of rows) {
      const data = { connector_type: type, calls, message: 'Data may be stale' }
      await emit(store.db, clock, { orgId: org_id, type: 'circuit_opened', subject: id, data })
    }
  }

  const jobs = {
    store,
    clock,
    connectorOf,
    onGivenUp(job: { id: string; connector_id: string }, error: string) {
      log.error({ syncJobId: job.id, connectorId: job.connector_id, error }, 'a synchronisation was given up')
    },
  }
  const work = {
    store,
    clock,
    log,
    calls,
    files: options.files,
    connectorOf,
    owner,
    callCost: options.callCost,
  }
  let stopping = false
  const worker = startWorker(work, options.maxConcurrent, (job) => settleSyncs(jobs, job.id))

  const stream = options.streamUrl === undefined ? undefined : createEventStream(options.streamUrl)
  const senders = options.connectors.filter(({ mail }) => mail).map(({ type }) => type)
  const notices = { store, log, calls, connectorOf, ...options.notifyMail }

  const { notifyUrl, timeoutMs } = options
  const notify =
    notifyUrl === undefined ? undefined : createNotifier({ url: notifyUrl, http, timeoutMs, log })

  async function publish(event: CloudEvent, orgId: number): Promise<void> {
    await planNotice(store, clock, senders, event, orgId)
    await stream?.append(event, orgId)
    if (event.type === 'sync_failed') notify?.(event)
    outside.onEvent(event)
  }

  const compareSpend = async () =>
    outside.onSpend(await summariseSpend({ store, clock, connectorOf, ownSpendOf: outside.ownSpendOf }))

  let ticking: Promise<unknown> | undefined
  let isSending = false
  const published = createOutcome((error) => log.error({ err: error }, 'events cannot be published'))
  const tick = async () => {
    await store.probe()
    if (store.state.is === 'away') return
    // What cannot be published now waits in its table, and keeps nothing else waiting.
    await publishWaiting(store, clock, publish).then(published.went, published.failed)
    const begun = (await retryDue(jobs)) + (await runSchedules(jobs))
    if (begun > 0) worker.nudge()
  }
  const old = { store, clock, files: options.files, keep: options.keep }
  const cancels = [
    every(clock, TICK_MS, () => {
      ticking ??= background(tick()).finally(() => {
        ticking = undefined
      })
      // Beside the rest: whoever waits for a mail server keeps nobody waiting.
      if (isSending || store.state.is === 'away') return
      isSending = true
      void background(sendNotices(notices)).finally(() => {
        isSending = false
      })
    }),
    every(
      clock,
      SWEEP_MS,
      () => void background(Promise.all([forgetOldWindows(store, clock), forgetOld(old)])),
    ),
    every(clock, SPEND_MS, () => void background(compareSpend())),
  ]
  await settleLeftOver(jobs)
  let unreadable = await countUnreadable(store, keyring)
  if (unreadable > 0) {
    log.error({ connections: unreadable }, UNREADABLE)
    const recount = async () => {
      if (unreadable > 0) unreadable = await countUnreadable(store, keyring)
    }
    cancels.push(every(clock, RECOUNT_MS, () => void background(recount())))
  }

  const sync: Sync = {
    get state() {
      if (store.state.is === 'away' || unreadable === 0) return store.state
      return { is: 'away', detail: `${unreadable} connections: ${UNREADABLE}` } as const
    },
    store,
    clock,
    log,
    keyring,
    tokens,
    limits,
    breakers,
    health,
    calls,
    files: options.files,
    ownSpendOf: outside.ownSpendOf,
    jobs,
    worker,
    authorize,
    payer: outside.payer,
    authorization: { store, clock, keyring, callbacks: options.callbacks },
    connectors,
    clientOf,
    maxConcurrent: options.maxConcurrent,
  }
  const streams = new OpenStreams()
  return {
    app: createSyncApp(sync, streams),
    sync,
    get state() {
      return sync.state
    },
    endStreams: () => streams.end(),
    async stop() {
      stopping = true
      for (const cancel of cancels) cancel()
      await worker.stop()
      await ticking
      stream?.close()
      await http.close()
      await store.close()
    },
  }
}

/** The configured limits count for every bucket the connector knows. */
function limitsFor(
  own: readonly CallLimit[],
  configured: readonly RateLimit[] | undefined,
): readonly CallLimit[] {
  if (!configured) return own
  const buckets = [...new Set(own.map(({ bucket }) => bucket))]
  return buckets.flatMap((bucket) => configured.map((limit) => ({ bucket, ...limit })))
}

/** Says once that something has begun to fail, however often it is tried until it works again. */
function createOutcome(onFailure: (error: unknown) => void) {
  let isFailing = false
  return {
    went: () => {
      isFailing = false
    },
    failed(error: unknown) {
      if (!isFailing) onFailure(error)
      isFailing = true
    },
  }
}
