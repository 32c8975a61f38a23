import {
  begin,
  Caveats,
  type Conversation,
  converse,
  inHalves,
  type Json,
  ownFields,
  type ReportResult,
  type Row,
  type Signals,
  type Talked,
} from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import { every } from '../../time/clock.ts'
import { emit } from '../events/index.ts'
import { RECONNECT } from '../oauth/index.ts'
import {
  asPriority,
  fail,
  giveBack,
  type Job,
  type JobFailure,
  LeaseLost,
  limiterPriority,
  park,
  remember,
  renew,
  retrying,
} from '../queue/index.ts'
import { countOfDownload, type RowSource, upsertRows } from '../reports/index.ts'
import { type ConnectorRow, StoreAway } from '../store/index.ts'
import { aboutRows, accountRefOf, CAMPAIGNS_REPORT, limitedAccountOf, specOf } from './connection.ts'
import { deliverAgain } from './deliver.ts'
import type { WorkDeps } from './deps.ts'
import { LEASE_MS } from './lease.ts'
import { type ReadingBefore, readingBefore } from './shrinking.ts'
import { storeResult } from './store-result.ts'
import type { RunningJob } from './work.ts'

/**
 * Highest progress, 0 to 1, while a report is being made. Each poll adds a quarter of what is left, because the
 * platform does not say how long it takes.
 */
const MADE_SHARE = 0.9

/** A parked conversation and its job. */
export interface ParkedJob {
  readonly conversation: Conversation<ReportResult>
  readonly claim: number
  readonly executionTimeMs: number
  readonly before: ReadingBefore
}

/** A job during which this many processes died is given up. */
const MAX_DEATHS = 2
const GIVEN_UP = `The fetch was given up: ${MAX_DEATHS} processes that worked on it ended, for lack of memory perhaps. Ask for fewer days or fields`

/** Reason of a job runner that is stopping: no further call of a platform. */
export class Stopping extends Error {}

/**
 * Works on a job until it ends or has to wait; returns the conversation in the latter case. Every important step is
 * durable before the next, so after a crash the job is simply run again. When `stopping` is aborted with
 * {@link Stopping}, the job is given back before its next call; when `cancelled` is aborted, it is left at once.
 * Rejects with {@link StoreAway} when the database becomes unavailable; this job runner then still has the job and has to
 * give it back later.
 */
export async function runJob(
  deps: WorkDeps,
  job: Job,
  kept: ParkedJob | undefined,
  signals: Signals,
): Promise<ParkedJob | undefined> {
  const startedMs = deps.clock.elapsedMs()
  const executionTimeMs = () =>
    Math.round((kept?.executionTimeMs ?? job.execution_time_ms) + deps.clock.elapsedMs() - startedMs)
  try {
    const work = await prepare(deps, job)
    if ('error' in work) {
      await failJob(deps, job, work.row, {
        error: work.error,
        retryable: false,
        executionTimeMs: executionTimeMs(),
      })
      return undefined
    }
    if (job.deaths >= MAX_DEATHS) {
      await failJob(deps, job, work.row, { error: GIVEN_UP, retryable: false, executionTimeMs: 0 })
      return undefined
    }
    if (job.rows_of !== null) {
      const missing = await deliverAgain(deps, work, job.rows_of, executionTimeMs)
      if (missing !== undefined)
        await failJob(deps, job, work.row, {
          ...problemOf(work, { is: 'unavailable', detail: missing }),
          executionTimeMs: executionTimeMs(),
        })
      return undefined
    }
    const memory = memoryOf(job)
    const before = kept?.before ?? (await readingBefore(deps, work, memory.before))
    const conversation =
      kept?.conversation ?? begin(await talkOf(deps, work, memory), memory.caveats, job.calls)
    const talked = await talk(deps, work, conversation, before, signals)
    if (talked.is === 'parked') {
      const { waitMs, waitsFor } = talked
      const calls = conversation.calls
      await park(deps.store, deps.clock, job, {
        owner: deps.owner,
        waitMs,
        leaseMs: LEASE_MS,
        waitsFor,
        calls,
        executionTimeMs: executionTimeMs(),
      })
      return { conversation, claim: job.claim, executionTimeMs: executionTimeMs(), before }
    }
    if (talked.is === 'done') {
      const { calls, caveats } = conversation
      const refused = await storeResult(deps, work, {
        said: talked.value,
        caveats,
        before,
        calls,
        executionTimeMs,
      })
      if (refused !== undefined)
        await failJob(deps, job, work.row, {
          ...problemOf(work, { is: 'refused', detail: refused }),
          executionTimeMs: executionTimeMs(),
        })
    } else
      await failJob(deps, job, work.row, { ...problemOf(work, talked), executionTimeMs: executionTimeMs() })
    return undefined
  } catch (error) {
    if (error instanceof LeaseLost) return undefined
    if (error instanceof Stopping) {
      await giveBack(deps.store, job).catch(() => {})
      return undefined
    }
    if (error instanceof StoreAway) throw error
    if (await isDeleted(deps, job)) {
      deps.log.info({ jobId: job.id }, 'a job ended: its connection was deleted')
      return undefined
    }
    deps.log.error({ err: error, jobId: job.id }, 'a job failed unexpectedly')
    await giveUp(deps, job, executionTimeMs(), error)
    return undefined
  }
}

/** Whether the connection of a job was deleted, and the job with it. */
async function isDeleted({ store }: WorkDeps, job: Job): Promise<boolean> {
  const row = await store.db
    .selectFrom('connectors')
    .select('id')
    .where('id', '=', job.connector_id)
    .executeTakeFirst()
  return row === undefined
}

/** Ends a job after an error of our own: the disk, or a fault in the code. */
async function giveUp(deps: WorkDeps, job: Job, executionTimeMs: number, cause: unknown): Promise<void> {
  const detail = cause instanceof AppError ? cause.message : 'a fault of ours'
  const row = await deps.store.db
    .selectFrom('connectors')
    .select(['id', 'org_id'])
    .where('id', '=', job.connector_id)
    .executeTakeFirstOrThrow()
  await failJob(deps, job, row, { error: `Temporary issue: ${detail}`, retryable: true, executionTimeMs })
}

/** Everything that a job works with, or why it cannot be worked on. */
async function prepare(
  { store, connectorOf }: WorkDeps,
  job: Job,
): Promise<RunningJob | { row: ConnectorRow; error: string }> {
  const row = await store.db
    .selectFrom('connectors')
    .selectAll()
    .where('id', '=', job.connector_id)
    .executeTakeFirstOrThrow()
  const connector = connectorOf(row.type)
  const spec = connector && specOf(connector, job.report_type)
  if (!connector || !spec) return { row, error: `${row.type} has no report ${job.report_type}` }
  if (row.status !== 'connected') return { row, error: RECONNECT }
  const account = accountRefOf(row)
  const { range_start: start, range_end: end } = job
  const range = start === null || end === null ? undefined : { start, end }
  const source: RowSource = {
    connectorId: row.id,
    reportType: job.report_type,
    jobId: job.id,
    key: spec.key,
    fields: spec.fields,
    dated: spec.dated,
    about: aboutRows(account),
  }
  return { job, row, connector, spec, account, range, source }
}

/** What a job stores with each step of its conversation. */
interface Memory {
  readonly state: Json | undefined
  readonly caveats: Caveats
  readonly before: ReadingBefore | undefined
}

function memoryOf({ memory }: Job): Memory {
  const caveats = new Caveats()
  if (memory === null) return { state: undefined, caveats, before: undefined }
  const { state, caveats: earlier, before } = parseJson(memory)
  caveats.state = earlier
  return { state, caveats, before }
}

async function talkOf(
  { store }: WorkDeps,
  { job, connector, account, range, spec }: RunningJob,
  memory: Memory,
) {
  const cursor = await store.db
    .selectFrom('cursors')
    .select('value')
    .where('connector_id', '=', job.connector_id)
    .where('report_type', '=', job.report_type)
    .executeTakeFirst()
  const since = { cursor: cursor && parseJson(cursor.value), caveats: memory.caveats }
  const { report_type: reportType } = job
  const fields = ownFields(spec, parseJson(job.fields))
  return inHalves(
    (range, resume) =>
      reportType === CAMPAIGNS_REPORT
        ? connector.campaigns(account, { ...since, resume })
        : connector.report({ ...since, resume, account, reportType, range, fields }),
    range,
    memory.state,
    memory.caveats,
  )
}

/**
 * Runs the conversation and renews the lease meanwhile. After the lease is lost or the job cancelled, nothing more is
 * stored.
 */
async function talk(
  deps: WorkDeps,
  work: RunningJob,
  conversation: Conversation<ReportResult>,
  before: ReadingBefore,
  signals: Signals,
): Promise<Talked<ReportResult>> {
  const { store, clock } = deps
  const { job, row, connector, source } = work
  const { caveats } = conversation
  let progress = job.progress
  let lost = false
  const stayAlive = () =>
    renew(store, clock, job, LEASE_MS, progress).catch((error) => {
      if (error instanceof LeaseLost) lost = true
    })
  const stop = every(clock, LEASE_MS / 3, stayAlive)
  const still = () => {
    if (lost) throw new LeaseLost()
  }
  try {
    const caller = {
      connector,
      connectorId: row.id,
      account: limitedAccountOf(row, connector),
      priority: limiterPriority(asPriority(job.priority)),
    }
    return await converse(deps.calls, caller, conversation, {
      ...signals,
      async onRows(rows, from) {
        still()
        const additive = from && { download: `${job.id} ${job.claim} ${from.number}`, sums: from.sums }
        const lost = await upsertRows(store, clock, source, ofRange(work, caveats, rows), additive)
        // Lists of campaigns may repeat an entry that changes during the reading; that is no caveat.
        if (work.spec.dated && lost > 0) caveats.replaced(lost)
      },
      async onDownloaded({ number, rows }) {
        const became = await countOfDownload(store, source, `${job.id} ${job.claim} ${number}`)
        if (became < rows) caveats.add(finerThan(work, rows, became))
      },
      onRemember: (state) => remember(store, job, JSON.stringify({ state, caveats: caveats.state, before })),
      async onProgress(share) {
        progress = Math.min(0.99, Math.max(progress, share))
        await renew(store, clock, job, LEASE_MS, progress)
      },
      onRetry: (is) => retrying(store, job, is),
      async onWait() {
        progress += (MADE_SHARE - Math.min(progress, MADE_SHARE)) / 4
        await renew(store, clock, job, LEASE_MS, progress)
      },
    })
  } finally {
    stop()
  }
}

/**
 * Sets the date of rows outside the requested range to null. Under their date they would replace complete figures and
 * be missing in the file.
 */
function ofRange({ spec, range }: RunningJob, caveats: Caveats, rows: readonly Row[]): readonly Row[] {
  if (!spec.dated || !range) return rows
  return rows.map((row) => {
    const { date } = row
    const isAsked = typeof date !== 'string' || (date >= range.start && date <= range.end)
    if (isAsked) return row
    const undated = { ...row, date: null }
    caveats.undated(undated, date)
    return undated
  })
}

/** Caveat for a file with more than one row per key: it is finer than the report. */
const finerThan = ({ spec }: RunningJob, rows: number, became: number): string =>
  `the file has ${rows} rows for ${became} of the report: rows with the same ${spec.key.join(' and ')} were added up, and columns that the report does not have were left out of them`

type FailedConversation = Exclude<Talked<never>, { is: 'done' | 'parked' }>

function problemOf({ job }: RunningJob, problem: FailedConversation): { error: string; retryable: boolean } {
  switch (problem.is) {
    case 'auth_lost':
      return { error: RECONNECT, retryable: false }
    case 'refused':
      return { error: `Could not fetch data for ${job.report_type}: ${problem.detail}`, retryable: false }
    case 'unavailable':
    case 'unknown':
      return { error: `Temporary issue: ${problem.detail}`, retryable: true }
  }
}

/** Ends a job with an error, and tells the organisation. */
async function failJob(
  { store, clock, log }: WorkDeps,
  job: Job,
  row: Pick<ConnectorRow, 'id' | 'org_id'>,
  failure: JobFailure,
): Promise<void> {
  log.warn({ jobId: job.id, connectorId: row.id, error: failure.error }, 'a fetch failed')
  await store.db.transaction().execute(async (tx) => {
    await fail(tx, clock, job, failure)
    const data = { report_type: job.report_type, error: failure.error, retryable: failure.retryable }
    await emit(tx, clock, { orgId: row.org_id, type: 'fetch_failed', subject: row.id, data })
  })
}
