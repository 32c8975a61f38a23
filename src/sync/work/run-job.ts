import type { Selectable } from 'kysely'
import { every } from '../../clock.ts'
import { ownFields, withCommonFields } from '../connectors/common-names.ts'
import type { ReportResult } from '../connectors/read-connector.ts'
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
import { type RowSource, upsertRows } from '../reports/index.ts'
import { begin, type Conversation, converse, type Talked } from '../run/index.ts'
import { type ConnectorTable, StoreAway } from '../store/index.ts'
import { aboutRows, accountRefOf, CAMPAIGNS_REPORT, specOf } from './connection.ts'
import type { WorkDeps } from './deps.ts'
import { finish } from './finish.ts'
import { LEASE_MS } from './lease.ts'
import type { Work } from './work.ts'

/** Each look at a report that is being made is a quarter of what is left up to here: how long it takes is not told. */
const MADE_SHARE = 0.9

/** A conversation between two turns of its job. */
export interface Kept {
  readonly conversation: Conversation<ReportResult>
  readonly claim: number
  readonly executionTimeMs: number
}

/** Why a worker that is stopping asks nothing more of a platform. */
export class Stopping extends Error {}

/**
 * Works on a job until it ends or has to wait; then the conversation is returned, to go on with later. Every step that
 * matters is durable before the next begins, so that after a crash the job is simply run again. Once `stopping` is aborted
 * with {@link Stopping} it is given back before its next call. Rejects with {@link StoreAway} when the database goes away
 * meanwhile: then the job is still ours, and to be given back when it is there again.
 */
export async function runJob(
  deps: WorkDeps,
  job: Job,
  kept: Kept | undefined,
  stopping: AbortSignal,
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
    const conversation = kept?.conversation ?? begin(await talkOf(deps, work))
    const talked = await talk(deps, work, conversation, stopping)
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
      return { conversation, claim: job.claim, executionTimeMs: executionTimeMs() }
    }
    if (talked.is === 'done') await finish(deps, work, talked.value, conversation.calls, executionTimeMs)
    else await ended(deps, job, work.row, { ...problemOf(work, talked), executionTimeMs: executionTimeMs() })
    return undefined
  } catch (error) {
    if (error instanceof LeaseLost) return undefined
    if (error instanceof Stopping) {
      await giveBack(deps.store, job).catch(() => {})
      return undefined
    }
    if (error instanceof StoreAway) throw error
    deps.log.error({ err: error, jobId: job.id }, 'a job broke off')
    await giveUp(deps, job, executionTimeMs())
    return undefined
  }
}

/** What failed is ours: the disk of files, or a fault in the code. */
async function giveUp(deps: WorkDeps, job: Job, executionTimeMs: number): Promise<void> {
  const row = await deps.store.db
    .selectFrom('connectors')
    .select(['id', 'org_id'])
    .where('id', '=', job.connector_id)
    .executeTakeFirstOrThrow()
  await ended(deps, job, row, { error: 'Temporary issue: a fault of ours', retryable: true, executionTimeMs })
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
    about: aboutRows(account),
  }
  return { job, row, connector, spec, account, range, source }
}

async function talkOf({ store }: WorkDeps, { job, connector, account, range, spec }: Work) {
  const cursor = await store.db
    .selectFrom('cursors')
    .select('value')
    .where('connector_id', '=', job.connector_id)
    .where('report_type', '=', job.report_type)
    .executeTakeFirst()
  const since = {
    resume: job.memory === null ? undefined : JSON.parse(job.memory),
    cursor: cursor && JSON.parse(cursor.value),
  }
  if (job.report_type === CAMPAIGNS_REPORT) return connector.campaigns(account, since)
  return connector.report({
    ...since,
    account,
    reportType: job.report_type,
    range,
    fields: ownFields(spec, JSON.parse(job.fields)),
  })
}

/** The lease is kept alive while a call takes its time; once it is lost, or the job cancelled, nothing more is stored. */
async function talk(
  deps: WorkDeps,
  { job, row, connector, source, spec }: Work,
  conversation: Conversation<ReportResult>,
  stopping: AbortSignal,
): Promise<Talked<ReportResult>> {
  const { store, clock } = deps
  let progress = job.progress
  let lost = false
  const stayAlive = () =>
    renew(store, clock, job, LEASE_MS, progress).catch((error) => {
      if (error instanceof LeaseLost) lost = true
    })
  const complete = withCommonFields(spec, JSON.parse(job.fields))
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
      stopping,
      async onRows(rows) {
        still()
        await upsertRows(store, clock, source, rows.map(complete))
      },
      onRemember: (state) => remember(store, job, JSON.stringify(state)),
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
