import type { Transaction } from 'kysely'
import type { DateRange, ReportResult } from '../../connectors/index.ts'
import { parseJson } from '../../json/json.ts'
import { isoTime } from '../../time/clock.ts'
import { emit } from '../events/index.ts'
import { complete, type RequestEnd, renew, resultOf, waitingFor } from '../queue/index.ts'
import type { SyncDatabase } from '../store/index.ts'
import type { WorkDeps } from './deps.ts'
import { LEASE_MS } from './lease.ts'
import { type RequestResult, writeRequestFile } from './request-file.ts'
import type { RunningJob } from './work.ts'

/** Thrown when a request joined while the files were written; its file is still missing. */
class JoinedMeanwhile extends Error {}

/** What the requests of a job get. */
export interface ReportDelivery {
  readonly result: ReportResult
  /** The job that read the rows, and when. */
  readonly rowsOf: string
  readonly fetchedAt: string
  readonly calls: number
  readonly executionTimeMs: () => number
  /** Further writes in the transaction that ends the job. */
  readonly alongside: (tx: Transaction<SyncDatabase>, now: string) => Promise<void>
}

/** Writes the files of a job, then completes it in one transaction. A request that joined meanwhile gets a file too. */
export async function deliver(deps: WorkDeps, work: RunningJob, delivery: ReportDelivery): Promise<void> {
  const { store, clock } = deps
  const { job, row } = work
  const { result, calls, executionTimeMs } = delivery
  const written = new Map<string, RequestResult>()
  for (;;) {
    await renew(store, clock, job, LEASE_MS, 0.99)
    const requests = await filesFor(deps, work, delivery, written)
    const records = Math.max(0, ...[...written.values()].map((one) => one.records_fetched))
    try {
      await store.db.transaction().execute(async (tx) => {
        await complete(tx, clock, job, { records, calls, executionTimeMs: executionTimeMs(), requests })
        if ((await waitingFor(tx, job)).length > 0) throw new JoinedMeanwhile()
        await delivery.alongside(tx, isoTime(clock.nowMs()))
        const data = {
          request_ids: requests.map(({ requestId }) => requestId),
          report_type: job.report_type,
          records_fetched: records,
          caveats: result.caveats,
        }
        await emit(tx, clock, { orgId: row.org_id, type: 'data_fetched', subject: row.id, data })
      })
      return
    } catch (error) {
      if (!(error instanceof JoinedMeanwhile)) throw error
    }
  }
}

/** Writes a file for each request of a job. @param written files by their content, which several requests may share */
async function filesFor(
  deps: WorkDeps,
  { job, spec, account, range, source }: RunningJob,
  { result, rowsOf, fetchedAt, calls }: ReportDelivery,
  written: Map<string, RequestResult>,
): Promise<RequestEnd[]> {
  const requests = await waitingFor(deps.store.db, job)
  const ends: RequestEnd[] = []
  for (const { id, params, started_at: startedAt } of requests) {
    const asked: { date_range?: DateRange; fields: string[] } = parseJson(params)
    const same = JSON.stringify([asked.date_range, asked.fields])
    const found =
      written.get(same) ??
      (await writeRequestFile(deps, id, {
        report: source,
        spec,
        account,
        range: asked.date_range ?? range,
        fields: asked.fields,
        result,
        jobId: rowsOf,
        fetchedAt,
      }))
    written.set(same, found)
    const cost = (calls * deps.callCost) / requests.length
    ends.push({ requestId: id, result: JSON.stringify(found), cost, startedAt })
  }
  return ends
}

/** Serves a job from rows that another job has read. Returns why it cannot. */
export async function deliverAgain(
  deps: WorkDeps,
  work: RunningJob,
  rowsOf: string,
  executionTimeMs: () => number,
): Promise<string | undefined> {
  const first = await resultOf(deps.store.db, rowsOf)
  if (!first) return 'the rows that were read before are gone'
  const { fetched_at: fetchedAt, final_through, caveats }: RequestResult = parseJson(first.result)
  const result = { cursor: undefined, finalThrough: final_through ?? undefined, caveats }
  await deliver(deps, work, {
    result,
    rowsOf,
    fetchedAt,
    executionTimeMs,
    calls: 0,
    alongside: async () => {},
  })
  return undefined
}
