import cluster, { type Worker } from 'node:cluster'
import {
  addCounts,
  allNews,
  type Bidder,
  type CountNotice,
  type Crew,
  type KeptSeen,
  type News,
} from '../agent/index.ts'
import { type Clock, every, sleep } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { BudgetStore, Control } from '../shield/index.ts'
import { linkWorker, type RemoteWorker } from './link.ts'
import type { PostOffice } from './post-office.ts'
import type { PrimaryCalls, Welcome, WorkerReport } from './protocol.ts'

export interface FleetOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** How many workers. */
  readonly size: number
  /** What a worker runs. */
  readonly program: string
  readonly welcome: Omit<Welcome, 'number'>
  readonly store: BudgetStore
  readonly office: PostOffice
  readonly bidder: Bidder
  readonly seen: KeptSeen
  readonly count: CountNotice
}

/** What operators decide is told so much later: while many campaigns are stored, each changes all of it. */
const ANNOUNCE_MS = 100
/** Every worker is asked so often what it has counted. */
const REPORT_MS = 1_000
/** One that has said nothing for so long is ended, and replaced; one that has not begun is given longer. */
const SILENT_MS = 10_000
const START_MS = 60_000
/** What waits for a report goes on without it after this. */
const GATHER_MS = 1_000
/** A worker that ended is replaced at once, unless it ended soon after its start. */
const SOON_MS = 10_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** A worker that has not ended by itself by then is ended. */
const STOP_MS = 20_000

interface Member {
  readonly number: number
  readonly worker: Worker
  readonly remote: RemoteWorker
  readonly startedMs: number
  /** What it bids under; undefined before it has said so. */
  owner: string | undefined
  heardMs: number
  held: WorkerReport['held']
  /** It is told of every change. */
  isTaught: boolean
  readonly ended: Promise<void>
}

/**
 * The workers of this process: each answers auctions on the service's port with purses of its own. One that ends is
 * forfeited and replaced.
 */
export class Fleet implements Crew {
  readonly #options: FleetOptions
  readonly #members = new Map<number, Member>()
  /** By number, how often in a row the worker has ended soon after its start. */
  readonly #failures = new Map<number, number>()
  readonly #stops: (() => unknown)[] = []
  /** What operators decided, and workers have not been told yet. */
  #control: Control | undefined
  #stopping = false
  #failed: (error: Error) => void = () => {}

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Resolves with the address when every worker listens; rejects when one ends before that. */
  async start(): Promise<string> {
    const { clock, program, size, store } = this.#options
    // Leases and amounts are sent as they are: JSON knows no infinity.
    cluster.setupPrimary({ exec: program, args: [], serialization: 'advanced' })
    this.#stops.push(store.watch((control) => this.#announce(control)))
    const failed = new Promise<never>((_, reject) => {
      this.#failed = reject
    })
    const listening = Array.from({ length: size }, (_, i) => this.#fork(i + 1))
    const [address] = await Promise.race([Promise.all(listening), failed])
    this.#failed = () => {}
    this.#stops.push(every(clock, REPORT_MS, () => this.#look()))
    return address ?? ''
  }

  async tell(news: News): Promise<void> {
    const taught = [...this.#members.values()].filter(({ isTaught }) => isTaught)
    // One that ends meanwhile will not decide anything; its successor is told everything.
    await Promise.allSettled(taught.map(({ remote }) => remote.learn(news)))
  }

  async gather(): Promise<void> {
    const reports = Promise.all([...this.#members.values()].map((member) => this.#report(member)))
    await Promise.race([reports, sleep(this.#options.clock, GATHER_MS)])
  }

  heldFor(seat: string): number {
    let sum = 0
    for (const { held } of this.#members.values())
      for (const [of, micros] of held) if (of === seat) sum += micros
    return sum
  }

  /** Ends all workers; resolves when they have answered what was under way and given their money back. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const stop of this.#stops.splice(0)) stop()
    await this.gather()
    const { clock } = this.#options
    await Promise.all(
      [...this.#members.values()].map(async (member) => {
        const cancel = clock.after(STOP_MS, () => member.worker.process.kill('SIGKILL'))
        const report = await member.remote.stop().catch(() => undefined)
        if (report) this.#count(member, report)
        // Without a word to say it ends, whether it has stopped or has failed to.
        if (member.worker.isConnected()) member.worker.process.disconnect()
        await member.ended
        cancel()
      }),
    )
  }

  /** Starts a worker; resolves with its address when it listens. */
  #fork(number: number): Promise<string> {
    const { clock } = this.#options
    const worker = cluster.fork()
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const member: Member = {
      ...{ number, worker, ended, startedMs: clock.elapsedMs(), heardMs: clock.elapsedMs() },
      ...{ owner: undefined, held: [], isTaught: false },
      remote: linkWorker(worker, this.#callsOf(number)),
    }
    this.#members.set(number, member)
    const over = (how: string) => {
      member.remote.$close()
      this.#ended(member, how).then(end)
    }
    worker.once('exit', (code, signal) => over(signal ?? `exit code ${code}`))
    // Of one that was never started nothing else is heard; another one's end is.
    worker.on('error', (error) => {
      if (worker.process.pid === undefined) over(`it cannot be started: ${messageOf(error)}`)
    })
    return new Promise((resolve) => {
      worker.once('listening', ({ address, port }) => {
        const host = address.includes(':') ? `[${address}]` : address
        resolve(`http://${host}:${port}`)
      })
    })
  }

  /** What a worker may ask for. */
  #callsOf(number: number): PrimaryCalls {
    const { store, office, seen, bidder, welcome } = this.#options
    const member = () => this.#members.get(number)
    return {
      welcome: (owner) => {
        const self = member()
        if (self) {
          self.owner = owner
          office.add(owner, (letter) => self.remote.take(letter))
        }
        return { ...welcome, number }
      },
      teach: async () => {
        const self = member()
        if (!self) return
        // What comes up meanwhile is told as well; it is sent after what it changes.
        self.isTaught = true
        self.heardMs = this.#options.clock.elapsedMs()
        for (const news of allNews(bidder)) await self.remote.learn(news)
      },
      sync: async (owner, lines) => store.sync(owner, lines),
      bill: async (bills) => store.bill(bills),
      leave: async (owner) => store.leave(owner),
      define: async (definition) => store.define(definition),
      remove: async (scope) => store.remove(scope),
      setPause: async (scope, pause) => store.setPause(scope, pause),
      setKillSwitch: async (killSwitch) => store.setKillSwitch(killSwitch),
      control: async (scopes) => store.control(scopes),
      trust: async () => store.trust(),
      send: (owner, letter) => office.send(owner, letter),
      mark: async (chunks) => {
        for (const chunk of chunks) seen.seen.merge(chunk)
        await seen.kept()
      },
    }
  }

  /** Nobody uses its purses any more: what they held is forfeited, and another worker takes its number. */
  async #ended(member: Member, how: string): Promise<void> {
    const { clock, log, metrics, office, store } = this.#options
    const { number, owner, startedMs } = member
    this.#members.delete(number)
    if (owner !== undefined) {
      office.remove(owner)
      try {
        await store.leave(owner)
      } catch (error) {
        // Its lease ends it.
        log.warn({ worker: number, detail: messageOf(error) }, 'worker not forfeited yet')
      }
    }
    if (this.#stopping) return
    log.error({ worker: number, how }, 'worker ended')
    metrics.workerRestarts.inc({})
    this.#failed(new Error(`a worker ended: ${how}`))
    const isSoon = clock.elapsedMs() - startedMs < SOON_MS
    const failures = isSoon ? (this.#failures.get(number) ?? 0) + 1 : 0
    this.#failures.set(number, failures)
    const pauseMs = failures === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1))
    clock.after(pauseMs, () => {
      if (!this.#stopping) this.#fork(number)
    })
  }

  /** Tells the workers, of changes that follow each other closely all together. */
  #announce(control: Control): void {
    const isPlanned = this.#control !== undefined
    this.#control = withLater(this.#control, control)
    if (isPlanned) return
    this.#options.clock.after(ANNOUNCE_MS, () => {
      const latest = this.#control
      this.#control = undefined
      if (latest) this.#each(({ remote }) => remote.obey.asEvent(latest))
    })
  }

  #look(): void {
    const { clock, log } = this.#options
    this.#each((member) => {
      this.#report(member)
      const silentMs = clock.elapsedMs() - member.heardMs
      if (silentMs < (member.isTaught ? SILENT_MS : START_MS)) return
      log.error({ worker: member.number }, 'worker does not answer')
      member.worker.process.kill('SIGKILL')
    })
  }

  async #report(member: Member): Promise<void> {
    try {
      this.#count(member, await member.remote.report())
    } catch {
      // It has ended, or will be ended.
    }
  }

  #count(member: Member, report: WorkerReport): void {
    const { clock, metrics, bidder, count } = this.#options
    member.heardMs = clock.elapsedMs()
    member.held = report.held
    addCounts(metrics, bidder, count, report.counts)
    const worker = String(member.number)
    metrics.workerCpu.inc({ worker }, report.cpuSeconds)
    metrics.workerMemory.set({ worker }, report.residentBytes)
    metrics.workerLag.set({ worker }, report.lagSeconds)
  }

  #each(task: (member: Member) => unknown): void {
    for (const member of this.#members.values()) task(member)
  }
}

/** What both tell, of each scope the later. */
function withLater(before: Control | undefined, control: Control): Control {
  if (!before) return control
  const scopes = new Map(before.scopes.map((one) => [one.scope, one]))
  for (const one of control.scopes) scopes.set(one.scope, one)
  return { ...control, scopes: [...scopes.values()] }
}
