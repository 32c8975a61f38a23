import cluster, { type Worker } from 'node:cluster'
import {
  addCounts,
  allUpdates,
  type Bidder,
  type BidderUpdate,
  type CountNotice,
  type KeptSeen,
  type PaceNow,
  type WorkerHolds,
  type WorkerPool,
} from '../agent/index.ts'
import type { ApiKeys, KeyChanges } from '../api/index.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { BudgetStore } from '../shield/index.ts'
import { type Clock, every, sleep } from '../time/clock.ts'
import { announceControl } from './announce-control.ts'
import { linkWorker, type RemoteWorker } from './link.ts'
import type { LocalOwnerMessages } from './owner-messages.ts'
import type { PrimaryCalls, Welcome, WorkerOutcomes, WorkerReport } from './protocol.ts'

export interface ForkedWorkerPoolOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** The number of workers. */
  readonly size: number
  /** Path of the program that a worker runs. */
  readonly program: string
  readonly welcome: Omit<Welcome, 'number' | 'outcomes'>
  readonly outcomes: WorkerOutcomes
  readonly store: BudgetStore
  readonly ownerMessages: LocalOwnerMessages
  readonly bidder: Bidder
  readonly access: { readonly keys: ApiKeys }
  readonly seen: KeptSeen
  readonly count: CountNotice
}

/** The number of updates that a new worker is told at once. One can be 500 predictions. */
const REPLAYED_AT_ONCE = 20
/** The number of keys that a new worker is told at once. */
const KEYS_AT_ONCE = 200
/** How often every worker is asked for its counts. */
const REPORT_MS = 1_000
/** How long a worker may be silent before it is killed and replaced: once it has started, and while it starts. */
const SILENT_MS = 10_000
const START_MS = 60_000
/** How long {@link ForkedWorkerPool.gather} waits for reports. */
const GATHER_MS = 1_000
/**
 * A worker that ended is replaced at once. If it ended within `SOON_MS` of its start, its replacement is delayed: by the
 * first pause, then twice as long each time, up to the longest.
 */
const SOON_MS = 10_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** How long a worker may take to stop before it is killed. */
const STOP_MS = 20_000

interface Member {
  readonly number: number
  readonly worker: Worker
  readonly remote: RemoteWorker
  readonly startedMs: number
  /** The worker's owner id; undefined before {@link PrimaryCalls.welcome}. */
  owner: string | undefined
  heardMs: number
  held: WorkerReport['held']
  readonly paces: Map<string, PaceNow>
  /** Whether the worker gets every {@link BidderUpdate}; set when it asks for them to be replayed. */
  getsUpdates: boolean
  readonly ended: Promise<void>
}

/**
 * The worker processes of this primary. Each answers auctions on the service's port with its own purses. A worker that
 * ends is forfeited and replaced.
 */
export class ForkedWorkerPool implements WorkerPool {
  readonly #options: ForkedWorkerPoolOptions
  readonly #members = new Map<number, Member>()
  /** By worker number: how often in a row the worker has ended soon after its start. */
  readonly #failures = new Map<number, number>()
  readonly #stops: (() => unknown)[] = []
  #stopping = false
  #failed: (error: Error) => void = () => {}

  constructor(options: ForkedWorkerPoolOptions) {
    this.#options = options
  }

  /** Starts the workers. Resolves with their address when all listen; rejects if one ends before that. */
  async start(): Promise<string> {
    const { clock, program, size, store, access } = this.#options
    // Structured cloning instead of JSON, since leases and amounts can be Infinity.
    cluster.setupPrimary({ exec: program, args: [], serialization: 'advanced' })
    const announce = announceControl(clock, (control) =>
      this.#each(({ remote }) => remote.applyControl.asEvent(control)),
    )
    this.#stops.push(store.watch(announce))
    this.#stops.push(access.keys.watch((changes) => this.#tellKeys(changes)))
    const failed = new Promise<never>((_, reject) => {
      this.#failed = reject
    })
    const listening = Array.from({ length: size }, (_, i) => this.#fork(i + 1))
    const [address] = await Promise.race([Promise.all(listening), failed])
    this.#failed = () => {}
    this.#stops.push(every(clock, REPORT_MS, () => this.#look()))
    return address ?? ''
  }

  pacesOf(campaignId: string): readonly PaceNow[] {
    return [...this.#members.values()].flatMap(({ paces }) => paces.get(campaignId) ?? [])
  }

  async tell(update: BidderUpdate): Promise<void> {
    if ('drop' in update && update.drop === 'campaign')
      for (const { paces } of this.#members.values()) paces.delete(update.id)
    const replayed = [...this.#members.values()].filter(({ getsUpdates }) => getsUpdates)
    // A worker that ends meanwhile decides nothing more, and its replacement is told everything.
    await Promise.allSettled(replayed.map(({ remote }) => remote.applyUpdates([update])))
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

  async holdsOf(scopes: readonly string[]): Promise<WorkerHolds> {
    const { clock, size } = this.#options
    const late = sleep(clock, GATHER_MS).then(() => undefined)
    const asked = [...this.#members.values()].map(({ remote }) =>
      remote.holdsOf(scopes).catch(() => undefined),
    )
    const answers = (await Promise.all(asked.map((one) => Promise.race([one, late])))).filter(
      (one) => one !== undefined,
    )
    return { holds: answers.flat(), silent: size - answers.length }
  }

  /** Stops all workers. Resolves when they have answered their open requests and returned their money. */
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
        // A worker ends when it is disconnected, whether its stop has succeeded or failed.
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
      ...{ owner: undefined, held: [], paces: new Map(), getsUpdates: false },
      remote: linkWorker(worker, this.#callsOf(number)),
    }
    this.#members.set(number, member)
    const over = (how: string) => {
      member.remote.$close()
      this.#ended(member, how).then(end)
    }
    worker.once('exit', (code, signal) => over(signal ?? `exit code ${code}`))
    // A process that could not be started emits no `exit`; all others do.
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

  /** Tells workers which keys have changed. One that ends meanwhile answers nobody, and its replacement is told. */
  #tellKeys(changes: KeyChanges): void {
    for (const { getsUpdates, remote } of this.#members.values())
      if (getsUpdates) void Promise.resolve(remote.takeKeys(changes)).catch(() => {})
  }

  /** The calls that a worker may make. */
  #callsOf(number: number): PrimaryCalls {
    const { store, ownerMessages, seen, bidder, access, welcome, outcomes } = this.#options
    const member = () => this.#members.get(number)
    return {
      welcome: (owner) => {
        const self = member()
        if (self) {
          self.owner = owner
          ownerMessages.add(owner, (message) => self.remote.take(message))
        }
        return { ...welcome, number, outcomes: outcomes.of(number) }
      },
      replayUpdates: async () => {
        const self = member()
        if (!self) return
        // Set first, so that updates made during the loop are sent too; they arrive after what they change.
        self.getsUpdates = true
        self.heardMs = this.#options.clock.elapsedMs()
        for (const now of inPortions(access.keys.made.values(), KEYS_AT_ONCE))
          await self.remote.takeKeys({ now, gone: [] })
        for (const updates of inPortions(allUpdates(bidder), REPLAYED_AT_ONCE))
          await self.remote.applyUpdates(updates)
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
      send: (owner, message) => ownerMessages.send(owner, message),
      mark: async (chunks) => {
        for (const chunk of chunks) seen.seen.merge(chunk)
        await seen.kept()
      },
      keepOutcomes: (text) => outcomes.keep(number, text),
    }
  }

  /** Handles the end of a worker: forfeits its purses and starts a replacement with the same number. */
  async #ended(member: Member, how: string): Promise<void> {
    const { clock, log, metrics, ownerMessages, store } = this.#options
    const { number, owner, startedMs } = member
    this.#members.delete(number)
    if (owner !== undefined) {
      ownerMessages.remove(owner)
      try {
        await store.leave(owner)
      } catch (error) {
        // Its purses are then forfeited when its lease ends.
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

  #look(): void {
    const { clock, log } = this.#options
    this.#each((member) => {
      this.#report(member)
      const silentMs = clock.elapsedMs() - member.heardMs
      if (silentMs < (member.getsUpdates ? SILENT_MS : START_MS)) return
      log.error({ worker: member.number }, 'worker does not answer')
      member.worker.process.kill('SIGKILL')
    })
  }

  async #report(member: Member): Promise<void> {
    try {
      this.#count(member, await member.remote.report())
    } catch {
      // The worker has ended, or will be killed for its silence.
    }
  }

  #count(member: Member, report: WorkerReport): void {
    const { clock, metrics, bidder, count } = this.#options
    member.heardMs = clock.elapsedMs()
    member.held = report.held
    for (const [id, now] of report.paces)
      if (this.#options.bidder.campaigns.get(id)) member.paces.set(id, now)
    bidder.shader.learn(report.shades)
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

/** A portion is taken when it is asked for, so it says what is true when it is sent. */
function* inPortions<T>(all: Iterable<T>, size: number): Generator<T[]> {
  let portion: T[] = []
  for (const one of all) {
    if (portion.push(one) < size) continue
    yield portion
    portion = []
  }
  if (portion.length > 0) yield portion
}
