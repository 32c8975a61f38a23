import type { Selectable } from 'kysely'
import { every } from '../../clock.ts'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json.ts'
import { Caveats } from '../connectors/caveats.ts'
import { ownFields } from '../connectors/common-names.ts'
import type { Json, ReportResult } from '../connectors/read-connector.ts'
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
} from '../queue/index.ts'
import { countOfDownload, type RowSource, upsertRows } from '../reports/index.ts'
import { begin, type Conversation, converse, type Signals, type Talked } from '../run/index.ts'
import { type ConnectorTable, StoreAway } from '../store/index.ts'
import { aboutRows, accountRefOf, CAMPAIGNS_REPORT, specOf } from './connection.ts'
import type { WorkDeps } from './deps.ts'
import { finish } from './finish.ts'
import { LEASE_MS } from './lease.ts'
import { type SpendBefore, spendBefore } from './shrinking.ts'
import type { Work } from './work.ts'

/** Each look at a report that is being made is a quarter of what is left up to here: how long it takes is not told. */
const MADE_SHARE = 0.9

/** A conversation between two turns of its job. */
export interface Kept {
  readonly conversation: Conversation<ReportResult>
  readonly claim: number
  readonly executionTimeMs: number
  readonly before: SpendBefore
}

/** A job that so many processes ended with is not worked on again. */
const MAX_DEATHS = 2
const GIVEN_UP = `The fetch was given up: ${MAX_DEATHS} processes that worked on it ended, for lack of memory perhaps. Ask for fewer days or fields`

/** Why a worker that is stopping asks nothing more of a platform. */
export class Stopping extends Error {}

/**
 * Works on a job until it ends or has to wait; then the conversation is returned, to go on with later. Every step that
 * matters is durable before the next begins, so that after a crash the job is simply run again. Once `stopping` is aborted
 * with {@link Stopping} it is given back before its next call, and left at once when it is `cancelled`. Rejects with {@link StoreAway} when the database goes away
 * meanwhile: then the job is still ours, and to be given back when it is there again.
 */
export async function runJob(
  deps: WorkDeps,
  job: Job,
  kept: Kept | undefined,
  signals: Signals,
): Promise<Kept | undefined> {
  const startedMs = deps.clock.elapsedMs()
  const executionTimeMs = () =>
    Math.round((kept?.executionTimeMs ?? job.execution_time_ms) + deps.clock.elapsedMs() - startedMs)
  try {
    const work = await prepare(deps, job)
    if ('error' in work) {
      await ended(deps, job, work.row, {
        error: work.error,
        retryable: false,
        executionTimeMs: executionTimeMs(),
      })
      return undefined
    }
    if (job.deaths >= MAX_DEATHS) {
      await ended(deps, job, work.row, { error: GIVEN_UP, retryable: false, executionTimeMs: 0 })
      return undefined
    }
    const memory = memoryOf(job)
    const before = kept?.before ?? (await spendBefore(deps, work, memory.before))
    const conversation = kept?.conversation ?? begin(await talkOf(deps, work, memory), memory.caveats)
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
      const refused = await finish(deps, work, {
        said: talked.value,
        caveats,
        before,
        calls,
        executionTimeMs,
      })
      if (refused !== undefined)
        await ended(deps, job, work.row, {
          ...problemOf(work, { is: 'refused', detail: refused }),
          executionTimeMs: executionTimeMs(),
        })
    } else
      await ended(deps, job, work.row, { ...problemOf(work, talked), executionTimeMs: executionTimeMs() })
    return undefined
  } catch (error) {
    if (error instanceof LeaseLost) return undefined
    if (error instanceof Stopping) {
      await giveBack(deps.store, job).catch(() => {})
      return undefined
    }
    if (error instanceof StoreAway) throw error
    deps.log.error({ err: error, jobId: job.id }, 'a job broke off')
    await giveUp(deps, job, executionTimeMs(), error)
    return undefined
  }
}

/** What failed is ours: the disk of files, or a fault in the code. */
async function giveUp(deps: WorkDeps, job: Job, executionTimeMs: number, cause: unknown): Promise<void> {
  const detail = cause instanceof AppError ? cause.message : 'a fault of ours'
  const row = await deps.store.db
    .selectFrom('connectors')
    .select(['id', 'org_id'])
    .where('id', '=', job.connector_id)
    .executeTakeFirstOrThrow()
  await ended(deps, job, row, { error: `Temporary issue: ${detail}`, retryable: true, executionTimeMs })
}

async function prepare(
  { store, connectorOf }: WorkDeps,
  job: Job,
): Promise<Work | { row: Selectable<ConnectorTable>; error: string }> {
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

/** What a job stores with every step of its conversation. */
interface Memory {
  readonly state: Json | undefined
  readonly caveats: Caveats
  readonly before: SpendBefore | undefined
}

function memoryOf({ memory }: Job): Memory {
  const caveats = new Caveats()
  if (memory === null) return { state: undefined, caveats, before: undefined }
  const { state, caveats: earlier, before } = parseJson(memory)
  caveats.state = earlier
  return { state, caveats, before }
}

async function talkOf({ store }: WorkDeps, { job, connector, account, range, spec }: Work, memory: Memory) {
  const cursor = await store.db
    .selectFrom('cursors')
    .select('value')
    .where('connector_id', '=', job.connector_id)
    .where('report_type', '=', job.report_type)
    .executeTakeFirst()
  const since = {
    resume: memory.state,
    cursor: cursor && parseJson(cursor.value),
    caveats: memory.caveats,
  }
  if (job.report_type === CAMPAIGNS_REPORT) return connector.campaigns(account, since)
  return connector.report({
    ...since,
    account,
    reportType: job.report_type,
    range,
    fields: ownFields(spec, parseJson(job.fields)),
  })
}

/** The lease is kept alive while a call takes its time; once it is lost, or the job cancelled, nothing more is stored. */
async function talk(
  deps: WorkDeps,
  work: Work,
  conversation: Conversation<ReportResult>,
  before: SpendBefore,
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
      account: { type: connector.type, orgId: row.org_id, accountId: row.account_id ?? row.id },
      priority: limiterPriority(asPriority(job.priority)),
    }
    return await converse(deps.calls, caller, conversation, {
      ...signals,
      async onRows(rows, from) {
        still()
        const additive = from && { download: `${job.id} ${job.claim} ${from.number}`, sums: from.sums }
        await upsertRows(store, clock, source, rows, additive)
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
      async onWait() {
        progress += (MADE_SHARE - Math.min(progress, MADE_SHARE)) / 4
        await renew(store, clock, job, LEASE_MS, progress)
      },
    })
  } finally {
    stop()
  }
}

/** A report has one row for each key, so a file with more is finer than the report. */
const finerThan = ({ spec }: Work, rows: number, became: number): string =>
  `the file has ${rows} rows for ${became} of the report: rows with the same ${spec.key.join(' and ')} were added up, and columns that the report does not have were left out of them`

type Problem = Exclude<Talked<never>, { is: 'done' | 'parked' }>

function problemOf({ job }: Work, problem: Problem): { error: string; retryable: boolean } {
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

async function ended(
  { store, clock, log }: WorkDeps,
  job: Job,
  row: Pick<Selectable<ConnectorTable>, 'id' | 'org_id'>,
  failure: JobFailure,
): Promise<void> {
  log.warn({ jobId: job.id, connectorId: row.id, error: failure.error }, 'a fetch failed')
  await store.db.transaction().execute(async (tx) => {
    await fail(tx, clock, job, failure)
    const data = { report_type: job.report_type, error: failure.error, retryable: failure.retryable }
    await emit(tx, clock, { orgId: row.org_id, type: 'fetch_failed', subject: row.id, data })
  })
}
