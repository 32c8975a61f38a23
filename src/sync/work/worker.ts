import { every } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import { claim, giveBack, type Job, LeaseLost, lostOf, release } from '../queue/index.ts'
import { StoreAway } from '../store/index.ts'
import type { WorkDeps } from './deps.ts'
import { LEASE_MS } from './lease.ts'
import { type Kept, runJob, Stopping } from './run-job.ts'

export interface Worker {
  /** There may be something to do. */
  nudge(): void
  /**
   * Takes nothing more, lets calls that are under way be answered for a moment, so that a report that was ordered is
   * remembered, and gives everything back; it runs again elsewhere or after the next start.
   */
  stop(): Promise<void>
}

/** Looks for work that no nudge tells of: waits that are over, leases that ended, jobs of other processes. */
const POLL_MS = 500
/** Calls that are under way at a stop may take so long. */
const LAST_CALLS_MS = 2_000

/** Jobs of one organisation that run at once: a quarter of the places, one at least, is left to the others. */
const placesOfOne = (maxConcurrent: number): number =>
  Math.max(1, maxConcurrent - Math.max(1, Math.floor(maxConcurrent / 4)))

const isSuspect = ({ deaths }: Job): boolean => deaths > 0

interface Running {
  readonly job: Job
  /** Ends its calls once the job is ours no more. */
  readonly cancelled: AbortController
  readonly over: Promise<void>
}

/** Runs jobs of the queue, up to `maxConcurrent` at once. `onEnd` is told of each that ended, however. */
export function startWorker(
  deps: WorkDeps,
  maxConcurrent: number,
  onEnd: (job: Job) => Promise<void>,
): Worker {
  const running = new Map<string, Running>()
  const parked = new Map<string, Kept>()
  /** Jobs whose end could not be written: the database was away. */
  const owed = new Map<string, Job>()
  const stopping = new AbortController()
  const { signal } = stopping
  let looking: Promise<void> | undefined
  let again = false

  async function look(): Promise<void> {
    for (const job of owed.values()) {
      await giveBack(deps.store, job)
      // It may have ended just before.
      await onEnd(job)
      owed.delete(job.id)
    }
    const under = [...running.values()].map(({ job }) => job)
    for (const { id } of await lostOf(deps.store, under)) running.get(id)?.cancelled.abort(new LeaseLost())
    await release(deps.store, deps.clock)
    // What may have ended a process runs one at a time, so that of two deaths the second is its own and no bystander's.
    if (!under.some(isSuspect)) await take(1, true)
    while (await take(maxConcurrent, false));
  }

  /** Whether anything was taken. */
  async function take(atMost: number, suspects: boolean): Promise<boolean> {
    const limit = Math.min(atMost, maxConcurrent - running.size)
    if (limit <= 0 || signal.aborted) return false
    const ofOrgs = new Map<number, number>()
    for (const { job } of running.values()) ofOrgs.set(job.org_id, (ofOrgs.get(job.org_id) ?? 0) + 1)
    const jobs = await claim(deps.store, deps.clock, {
      owner: deps.owner,
      limit,
      leaseMs: LEASE_MS,
      perOrganisation: placesOfOne(maxConcurrent),
      running: ofOrgs,
      suspects,
    })
    for (const job of jobs) {
      const cancelled = new AbortController()
      running.set(job.id, { job, cancelled, over: run(job, cancelled.signal) })
    }
    return jobs.length > 0
  }

  function nudge(): void {
    if (signal.aborted) return
    if (looking) {
      again = true
      return
    }
    looking = look()
      .catch((error) => {
        // That the database is away is said once, when it goes.
        if (signal.aborted || error instanceof StoreAway) return
        deps.log.error({ err: error }, `no work can be taken: ${messageOf(error)}`)
      })
      .finally(() => {
        looking = undefined
        if (again) {
          again = false
          nudge()
        }
      })
  }

  async function run(job: Job, cancelled: AbortSignal): Promise<void> {
    const kept = parked.get(job.id)
    parked.delete(job.id)
    // A conversation that another process has gone on with since is out of date.
    const usable = kept?.claim === job.claim - 1 ? kept : undefined
    try {
      const waits = await runJob(deps, job, usable, { stopping: signal, cancelled })
      if (waits) parked.set(job.id, waits)
      else if (!signal.aborted) await onEnd(job)
    } catch (error) {
      if (error instanceof StoreAway) owed.set(job.id, job)
      else if (!signal.aborted) deps.log.error({ err: error, jobId: job.id }, 'after a job')
    } finally {
      running.delete(job.id)
      nudge()
    }
  }

  const cancel = every(deps.clock, POLL_MS, nudge)
  nudge()
  return {
    nudge,
    async stop() {
      stopping.abort(new Stopping())
      cancel()
      await looking
      const all = [...running.values()]
      await new Promise<void>((resolve) => {
        const giveUp = deps.clock.after(LAST_CALLS_MS, resolve)
        void Promise.all(all.map(({ over }) => over)).then(() => {
          giveUp()
          resolve()
        })
      })
      await Promise.all(all.map(({ job }) => giveBack(deps.store, job).catch(() => {})))
    },
  }
}
