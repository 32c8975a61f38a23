import { messageOf } from '../../errors.ts'
import { endedWithin, Rounds } from '../../time/rounds.ts'
import { claim, giveBack, type Job, keepLeases, LeaseLost, lostOf, release } from '../queue/index.ts'
import { StoreAway } from '../store/index.ts'
import type { WorkDeps } from './deps.ts'
import { LEASE_MS } from './lease.ts'
import { type ParkedJob, runJob, Stopping } from './run-job.ts'

/**
 * Milliseconds between two looks for work without a nudge: waits that are over, ended leases, jobs of other processes.
 */
const POLL_MS = 500
/** Milliseconds that running calls may take at a stop. */
const LAST_CALLS_MS = 2_000

/** Most running jobs of one organisation: a quarter of the places, at least one, is left to the others. */
const placesOfOne = (maxConcurrent: number): number =>
  Math.max(1, maxConcurrent - Math.max(1, Math.floor(maxConcurrent / 4)))

const isSuspect = ({ deaths }: Job): boolean => deaths > 0

interface Running {
  readonly job: Job
  /** Aborted when this job runner loses the job. */
  readonly cancelled: AbortController
  readonly over: Promise<void>
}

/** Runs jobs of the queue, at most `maxConcurrent` at once. `onEnd` is called after each job, whatever its end. */
export class JobRunner {
  readonly #deps: WorkDeps
  readonly #maxConcurrent: number
  readonly #onEnd: (job: Job) => Promise<void>
  readonly #running = new Map<string, Running>()
  readonly #parked = new Map<string, ParkedJob>()
  /** Jobs whose end could not be written because the database was away. */
  readonly #owed = new Map<string, Job>()
  readonly #stopping = new AbortController()
  readonly #rounds: Rounds

  constructor(deps: WorkDeps, maxConcurrent: number, onEnd: (job: Job) => Promise<void>) {
    this.#deps = deps
    this.#maxConcurrent = maxConcurrent
    this.#onEnd = onEnd
    this.#rounds = new Rounds(deps.clock, {
      periodMs: POLL_MS,
      round: () => this.#look(),
      onError: (error) => {
        // An unavailable database is logged once, when it becomes unavailable.
        if (this.#isStopping || error instanceof StoreAway) return
        deps.log.error({ err: error }, `no job can be taken from the queue: ${messageOf(error)}`)
      },
    })
    this.nudge()
  }

  /** Looks for work now. */
  nudge(): void {
    this.#rounds.nudge()
  }

  /**
   * Takes no more jobs, waits a moment for running calls, so that an ordered report is remembered, and gives all jobs
   * back. They run again elsewhere or after the next start.
   */
  async stop(): Promise<void> {
    const { clock, store } = this.#deps
    this.#stopping.abort(new Stopping())
    await this.#rounds.stop()
    const all = [...this.#running.values()]
    await endedWithin(
      clock,
      LAST_CALLS_MS,
      all.map(({ over }) => over),
    )
    await Promise.all(all.map(({ job }) => giveBack(store, job).catch(() => {})))
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  async #look(): Promise<void> {
    const { store, clock, owner } = this.#deps
    for (const job of this.#owed.values()) {
      await giveBack(store, job)
      // The job may have ended just before.
      await this.#onEnd(job)
      this.#owed.delete(job.id)
    }
    const under = [...this.#running.values()].map(({ job }) => job)
    for (const { id } of await lostOf(store, under)) this.#running.get(id)?.cancelled.abort(new LeaseLost())
    await keepLeases(store, clock, under, { owner, leaseMs: LEASE_MS })
    await release(store, clock)
    // A job during which a process died runs alone among such jobs, so that a second death is its own doing.
    if (!under.some(isSuspect)) await this.#take(1, true)
    while (await this.#take(this.#maxConcurrent, false));
  }

  /** Returns whether a job was taken. */
  async #take(atMost: number, suspects: boolean): Promise<boolean> {
    const limit = Math.min(atMost, this.#maxConcurrent - this.#running.size)
    if (limit <= 0 || this.#isStopping) return false
    const ofOrgs = new Map<number, number>()
    for (const { job } of this.#running.values()) ofOrgs.set(job.org_id, (ofOrgs.get(job.org_id) ?? 0) + 1)
    const jobs = await claim(this.#deps.store, this.#deps.clock, {
      owner: this.#deps.owner,
      limit,
      leaseMs: LEASE_MS,
      perOrganisation: placesOfOne(this.#maxConcurrent),
      running: ofOrgs,
      suspects,
    })
    for (const job of jobs) {
      const cancelled = new AbortController()
      this.#running.set(job.id, { job, cancelled, over: this.#run(job, cancelled.signal) })
    }
    return jobs.length > 0
  }

  async #run(job: Job, cancelled: AbortSignal): Promise<void> {
    const kept = this.#parked.get(job.id)
    this.#parked.delete(job.id)
    // A conversation that another process has continued since is out of date.
    const usable = kept?.claim === job.claim - 1 ? kept : undefined
    try {
      const waits = await runJob(this.#deps, job, usable, { stopping: this.#stopping.signal, cancelled })
      if (waits) this.#parked.set(job.id, waits)
      else if (!this.#isStopping) await this.#onEnd(job)
    } catch (error) {
      if (error instanceof StoreAway) this.#owed.set(job.id, job)
      else if (!this.#isStopping)
        this.#deps.log.error({ err: error, jobId: job.id }, 'the work after a job failed')
    } finally {
      this.#running.delete(job.id)
      this.nudge()
    }
  }
}
