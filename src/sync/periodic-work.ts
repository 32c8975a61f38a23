import type { CallDeps, Connector, ConnectorType } from '../connectors/index.ts'
import { every } from '../time/clock.ts'
import type { Background } from './background.ts'
import { forgetOldWindows } from './call-limits.ts'
import { countUnreadable, type Keyring } from './credentials/index.ts'
import { type CloudEvent, createEventStream, publishWaiting } from './events/index.ts'
import { type FileBytes, forgetOld } from './forget-old.ts'
import { retryDue, runSchedules, type SyncDeps, settleLeftOver } from './jobs/index.ts'
import { planEmail, sendEmails } from './mail/index.ts'
import { summariseSpend } from './reconcile/index.ts'
import { RowLimit } from './row-limit.ts'
import type { Store } from './store/index.ts'
import type { SyncOptions, SyncOutside } from './sync-options.ts'
import { type SyncRows, shortenTables } from './table-limits.ts'
import type { JobRunner } from './work/index.ts'

export interface PeriodicParts {
  readonly store: Store
  readonly keyring: Keyring
  readonly calls: CallDeps
  readonly jobs: SyncDeps
  readonly jobRunner: JobRunner
  readonly background: Background
  readonly connectorOf: (type: string) => Connector | undefined
}

/** Work that is done at intervals: retries, schedules, events, e-mails, limits of tables, comparisons of spend. */
export interface PeriodicWork {
  /** Connections whose credentials cannot be decrypted with the keys that are configured. */
  readonly unreadable: number
  /** Rows of each table at the last count; undefined before the first. */
  readonly rows: SyncRows | undefined
  /** Bytes of the database and of report files; undefined before they were first measured. */
  readonly databaseBytes: number | undefined
  readonly fileBytes: FileBytes | undefined
  /** Begins no more work and resolves when the last round has ended. */
  stop(): Promise<void>
  /** Closes the stream of events; after `stop`. */
  close(): void
}

/** Milliseconds between two looks for work that is due: retries, schedules, events to publish. */
const TICK_MS = 1_000
/** Milliseconds between two deletions of what is older than its limit. */
const SWEEP_MS = 600_000
/** Milliseconds between two looks for tables that are too long. */
const SHORTEN_MS = 60_000
/** Milliseconds between two counts of connections with unreadable credentials, while there are any. */
const RECOUNT_MS = 60_000
/** Milliseconds between two comparisons of reported and own spend. */
const SPEND_MS = 900_000

export const UNREADABLE =
  'their credentials were encrypted with keys that are not in ENCRYPTION_KEY; add those, or connect the accounts again'

/** Continues what an earlier process left and starts the timers. */
export async function startPeriodicWork(
  parts: PeriodicParts,
  options: SyncOptions,
  outside: SyncOutside,
): Promise<PeriodicWork> {
  const { store, keyring, calls, jobs, background, connectorOf } = parts
  const { clock, log } = outside
  const stream = options.streamUrl === undefined ? undefined : createEventStream(options.streamUrl)
  const emails = { store, log, calls, connectorOf, ...options.notifyMail }
  const ticking = oneAtATime(() => background.run(tick()))
  const tick = ticksOf(parts, outside, publisherOf(store, options, outside, stream))
  // Runs separately, so that a slow mail server delays nothing else.
  const sending = oneAtATime(() => background.run(sendEmails(emails)))
  let [rows, databaseBytes, fileBytes]: [SyncRows?, number?, FileBytes?] = []
  const limits = options.tableLimits
  const rowLimit = new RowLimit(store, clock, limits.report_rows)
  const shortening = oneAtATime(() => background.run(shorten()))
  const shorten = async () => {
    rows = await shortenTables({ store, log, files: options.files, rowLimit, limits })
    databaseBytes = await store.bytes()
  }
  const compareSpend = async () =>
    outside.onSpend(await summariseSpend({ store, clock, connectorOf, ownSpendOf: outside.ownSpendOf }))
  const old = { store, clock, files: options.files, keep: options.keep }
  const sweep = async () => {
    await forgetOldWindows(store, clock)
    fileBytes = await forgetOld(old)
  }
  const cancels = [
    every(clock, TICK_MS, () => {
      ticking.start()
      if (store.state.is !== 'away') sending.start()
    }),
    every(clock, SWEEP_MS, () => void background.run(sweep())),
    every(clock, SHORTEN_MS, () => shortening.start()),
    every(clock, SPEND_MS, () => void background.run(compareSpend())),
  ]
  await settleLeftOver(jobs)
  let unreadable = await countUnreadable(store, keyring)
  if (unreadable > 0) {
    log.error({ connections: unreadable }, UNREADABLE)
    const recount = async () => {
      if (unreadable > 0) unreadable = await countUnreadable(store, keyring)
    }
    cancels.push(every(clock, RECOUNT_MS, () => void background.run(recount())))
  }
  return {
    get unreadable() {
      return unreadable
    },
    get rows() {
      return rows
    },
    get databaseBytes() {
      return databaseBytes
    },
    get fileBytes() {
      return fileBytes
    },
    async stop() {
      for (const cancel of cancels) cancel()
      await parts.jobRunner.stop()
      await ticking.ended()
    },
    close: () => stream?.close(),
  }
}

type Publish = (event: CloudEvent, orgId: number) => Promise<void>

/** Returns what passes an event on: to the e-mails, to the stream in Redis, and to the rest of the service. */
function publisherOf(
  store: Store,
  { connectors }: Pick<SyncOptions, 'connectors'>,
  { clock, onEvent }: Pick<SyncOutside, 'clock' | 'onEvent'>,
  stream: ReturnType<typeof createEventStream> | undefined,
): Publish {
  const senders: ConnectorType[] = connectors.filter(({ mail }) => mail).map(({ type }) => type)
  return async (event, orgId) => {
    await planEmail(store, clock, senders, event, orgId)
    await stream?.append(event, orgId)
    await onEvent(event)
  }
}

/** One look for what is due. */
function ticksOf(
  { store, jobs, jobRunner }: Pick<PeriodicParts, 'store' | 'jobs' | 'jobRunner'>,
  { clock, log }: Pick<SyncOutside, 'clock' | 'log'>,
  publish: Publish,
): () => Promise<void> {
  const published = createFailureReport((error) => log.error({ err: error }, 'events cannot be published'))
  return async () => {
    await store.probe()
    if (store.state.is === 'away') return
    // Events that cannot be published wait in their table and delay nothing else.
    await publishWaiting(store, clock, publish).then(published.succeeded, published.failed)
    const begun = (await retryDue(jobs)) + (await runSchedules(jobs))
    if (begun > 0) jobRunner.nudge()
  }
}

/** Starts work unless it is still running. */
function oneAtATime(work: () => Promise<unknown>) {
  let running: Promise<unknown> | undefined
  return {
    start(): void {
      running ??= work().finally(() => {
        running = undefined
      })
    },
    /** Resolves when the present run has ended. */
    ended: async () => void (await running),
  }
}

/** Reports the first failure, and then none until after a success. */
function createFailureReport(onFailure: (error: unknown) => void) {
  let isFailing = false
  return {
    succeeded: () => {
      isFailing = false
    },
    failed(error: unknown) {
      if (!isFailing) onFailure(error)
      isFailing = true
    },
  }
}
