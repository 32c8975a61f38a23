import { micros } from '../../src/money.ts'
import { underWayOf } from '../../src/shield/budget/client/recover-forfeits.ts'
import type { BudgetStore, Control, Soon } from '../../src/shield/budget/protocol/store.ts'
import type { HoldTerms } from '../../src/shield/index.ts'
import { restOf, wantAll } from './delivery.ts'
import { FalseLosses } from './losses.ts'
import { type Cut, DiskStore, LocalStore, Network, RemoteStore } from './network.ts'
import { type Bid, Oracle, type Violation } from './oracle.ts'
import { type Game, limitsOf, type Plan, planOf } from './plan.ts'
import { Process, RECORDS_ID } from './process.ts'
import { Random } from './random.ts'
import { writtenOf } from './records.ts'
import { openRedis } from './redis/client.ts'
import { RedisServer } from './redis/server.ts'
import {
  type Boot,
  type Figures,
  JournalServer,
  MemoryServer,
  type Row,
  type Server,
  SharedServer,
  type Watched,
} from './server.ts'
import { tapped, watched } from './tap.ts'
import { ProcessClock, REDIS_TURNS, TURNS, VirtualTime } from './time.ts'

export interface RunOptions extends Game {
  readonly seed: number
  /** No more than so many steps of the workload; the end is played all the same. */
  readonly steps?: number
  readonly trace?: (text: string) => void
}

export interface Outcome {
  readonly seed: number
  readonly plan: Plan
  /** Of the workload. */
  readonly steps: number
  readonly counts: ReadonlyMap<string, number>
  readonly violation: Violation | undefined
}

/** Plays one seed from its beginning to its end, or to the first thing that is not as it must be. */
export async function simulate(options: RunOptions): Promise<Outcome> {
  const simulation = new Simulation(options)
  await simulation.run()
  return simulation.outcome()
}

/** Steps of the workload, and how often they are taken. */
const WORK = { bid: 24, limits: 0.4, pause: 0.12, resume: 0.8, kill: 0.06, revive: 0.8, forge: 0.2 } as const
/** Of one scope by one process that has nobody waiting: a line per tick, on a clock that gains a little. */
const LINES_PER_SECOND = 4.5
const CUTS: readonly Cut[] = ['both', 'requests', 'answers']

class Simulation {
  readonly #seed: number
  readonly #plan: Plan
  readonly #maxSteps: number
  readonly #random: Random
  readonly #time: VirtualTime
  readonly #oracle: Oracle
  readonly #network: Network
  readonly #storeClock: ProcessClock
  /** Where there is no Redis. Of the process with the journal, which dies with it. */
  #server: Server
  readonly #tapped: Server
  readonly #redis: { readonly server: RedisServer; readonly watched: Watched } | undefined
  readonly #watchers = new Set<(control: Control) => void>()
  readonly #processes: Process[] = []
  readonly #bids: Bid[] = []
  readonly #forger: Random
  readonly #liar: Random
  /** Share of won bids that somebody says are lost before they are billed. */
  readonly #lies: number
  readonly #onlooker: Random
  /** Share of won bids that somebody bills below their cost before the exchange does. */
  readonly #lowBills: number
  readonly #falseLosses = new FalseLosses()
  /** Those that have not reached their store yet. */
  #opening = 0
  #disk: readonly Row[] = []
  #boot: Boot = { id: 'boot 1', beganMs: -500_000 }
  #born = 0
  #bidNumber = 0
  #steps = 0

  constructor({ seed, steps, trace, ...game }: RunOptions) {
    this.#seed = seed
    this.#plan = planOf(seed, game)
    const { kind, leaseMs, startWallMs, faults } = this.#plan
    this.#maxSteps = Math.min(steps ?? Number.POSITIVE_INFINITY, this.#plan.steps)
    this.#random = new Random(seed ^ 0x5eed)
    this.#forger = new Random(seed ^ 0xf06e)
    this.#liar = new Random(seed ^ 0x11a5)
    this.#lies = this.#liar.pick([0, 0, 0.002, 0.02])
    this.#onlooker = new Random(seed ^ 0x10b1)
    this.#lowBills = this.#onlooker.pick([0, 0.05, 0.5])
    this.#time = new VirtualTime(kind === 'redis' ? REDIS_TURNS : TURNS)
    const wallMs = () => startWallMs + this.#time.nowMs
    const storeWallMs = () =>
      (kind === 'journal' ? this.#alive[0]?.clock : undefined)?.nowMs() ?? this.#storeClock.nowMs()
    this.#oracle = new Oracle(
      this.#time,
      wallMs,
      storeWallMs,
      Number.isFinite(leaseMs) ? leaseMs : 1_000,
      trace,
    )
    this.#network = new Network(this.#time, this.#random.fork(), this.#oracle, faults)
    this.#storeClock = new ProcessClock(this.#time, 1, startWallMs)
    this.#server =
      kind === 'memory'
        ? new MemoryServer(this.#storeClock, leaseMs)
        : new SharedServer(this.#storeClock, leaseMs)
    const lifted = (scope: string): void => {
      for (const process of this.#processes) process.stopped.delete(scope)
    }
    this.#tapped = tapped(() => this.#server, leaseMs, this.#oracle, lifted)
    if (kind === 'redis') {
      const server = new RedisServer(this.#storeClock, Math.ceil(leaseMs), new Random(seed ^ 0x4e91))
      this.#redis = { server, watched: watched(() => server, leaseMs, this.#oracle, lifted) }
    }
    for (let i = 0; i < this.#plan.owners; i++) this.#start()
  }

  outcome(): Outcome {
    const { counts, violation } = this.#oracle
    return { seed: this.#seed, plan: this.#plan, steps: this.#steps, counts, violation }
  }

  async run(): Promise<void> {
    const { paceMs } = this.#plan
    while (this.#steps < this.#maxSteps && !this.#oracle.violation) {
      this.#steps += 1
      await this.#pass(Math.round(-Math.log(1 - this.#random.next()) * paceMs))
      if (this.#oracle.violation) break
      this.#step()
      await this.#time.settleDown()
      this.#check()
    }
    if (!this.#oracle.violation) await this.#rest()
    if (!this.#oracle.violation) await this.#end()
  }

  async #pass(forMs: number): Promise<void> {
    await this.#time.runUntil(this.#time.nowMs + forMs, () => this.#check())
  }

  /** Without an event nothing goes on for ever: who asks again and again leaves no time for anybody else. */
  async #rest(): Promise<void> {
    for (let i = 0; i < 10; i++) await this.#time.settleDown()
    const { sent } = this.#oracle
    for (let i = 0; i < 10; i++) await this.#time.settleDown()
    const by = this.#oracle.sent - sent
    this.#oracle.expect(by === 0, 'a process comes to rest', () => `${by} lines were sent without an event`)
  }

  /** Whether everything is as it must be. */
  #check(): boolean {
    this.#oracle.judge()
    for (const process of this.#processes) if (process.isAlive) process.check()
    return !this.#oracle.violation
  }

  get #alive(): Process[] {
    return this.#processes.filter(({ isAlive }) => isAlive)
  }

  /** Those that can do something now. */
  get #running(): Process[] {
    return this.#alive.filter(({ clock, isLeaving }) => !clock.isStalled && !isLeaving)
  }

  // Processes --------------------------------------------------------------------------------------------------------

  #start(): void {
    const { kind, faults, startWallMs, scopes } = this.#plan
    const random = this.#random
    const drift = kind === 'journal' ? 0 : random.next() * 2 * faults.drift - faults.drift
    const clock = new ProcessClock(this.#time, 1 + drift, startWallMs)
    const id = `owner ${++this.#born}`
    const line = { cut: 'none' as Cut }
    const store = this.#storeFor(clock, line)
    const rememberEnded = random.pick([8_000, 8_000, 16])
    const begin = (opened: BudgetStore) => {
      const process = new Process(
        id,
        clock,
        line,
        opened,
        this.#oracle,
        rememberEnded,
        this.#plan.keepsRecords,
        this.#falseLosses,
      )
      this.#processes.push(process)
      process.define(scopes, this.#plan.holdMode)
      this.#oracle.say(() => `${id} starts, its clock runs at ${(1 + drift).toFixed(3)}`)
    }
    if (store instanceof Promise) this.#begin(store, begin)
    else begin(store)
  }

  /** A process that does not reach its store ends, and is started again. */
  #begin(opening: Promise<BudgetStore>, begin: (opened: BudgetStore) => void): void {
    this.#opening += 1
    opening
      .then(begin, () => {
        this.#oracle.count('owner that found no store')
        this.#time.after(1_000, () => this.#start())
      })
      .finally(() => {
        this.#opening -= 1
      })
  }

  #storeFor(clock: ProcessClock, line: { cut: Cut }): Soon<BudgetStore> {
    const { kind, leaseMs, boundsForfeits } = this.#plan
    if (this.#redis) {
      const [network, oracle] = [this.#network, this.#oracle]
      const { minReplicas } = this.#plan
      return openRedis({ ...this.#redis, network, clock, line, oracle, leaseMs, minReplicas })
    }
    if (kind === 'memory')
      return new LocalStore(this.#tapped, line, this.#oracle, this.#watchers, boundsForfeits)
    if (kind === 'shared') {
      const givesUp = this.#random.chance(0.5)
      return new RemoteStore(this.#network, this.#tapped, clock, line, this.#oracle, givesUp, boundsForfeits)
    }
    const journal = new JournalServer(clock, this.#boot, this.#time.nowMs, this.#disk)
    this.#server = journal
    for (const process of this.#processes) this.#freeUnheld(process)
    return new DiskStore(this.#tapped, journal, clock, this.#random.fork(), this.#oracle, boundsForfeits)
  }

  #die(process: Process): void {
    this.#oracle.count('owner died')
    this.#oracle.say(() => `${process.id} dies`)
    process.die(this.#time.nowMs)
    if (!(this.#server instanceof JournalServer)) {
      // Whoever starts in its place knows that it is gone, and reads what it wrote.
      this.#time.after(process.line.cut === 'none' ? 50 : 2_000, () => this.#freeUnheld(process))
      return
    }
    this.#disk = this.#server.crash(this.#random)
    this.#oracle.storeCrashed()
  }

  /** What a process that is gone was granted and never held is free, as far as what it wrote proves that. */
  #freeUnheld({ id, isAlive, written }: Process): void {
    if (isAlive || !written || this.#redis) return
    this.#tapped.leave(id)
    const pending = this.#tapped.pending().filter(({ owner }) => owner === id)
    if (pending.length === 0) return
    const underWay = underWayOf(pending, { id: RECORDS_ID, owners: [writtenOf(id, written)] })
    this.#oracle.count(underWay ? 'what was never held is freed' : 'what was never held is not proved')
    if (!underWay) return
    this.#oracle.say(() => `${id} had under way ${JSON.stringify(underWay)}`)
    this.#tapped.free(id, underWay)
  }

  // Steps ------------------------------------------------------------------------------------------------------------

  #step(): void {
    const { death, cutOff, stall, wallStep, storeRestart } = this.#plan.faults
    const dead = this.#plan.owners - this.#alive.length - this.#opening
    const step = this.#random.weighted({
      ...WORK,
      death,
      birth: dead > 0 ? 2 : 0,
      leave: death / 4,
      cutOff,
      mend: cutOff / 2,
      stall,
      wallStep,
      storeRestart,
    })
    const take: Record<typeof step, () => void> = {
      bid: () => this.#bid(),
      limits: () => this.#changeLimits(),
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      kill: () => this.#kill(),
      revive: () => this.#revive(),
      forge: () => this.#forge(),
      death: () => this.#onOne((process) => this.#die(process)),
      birth: () => this.#start(),
      leave: () => this.#leave(),
      cutOff: () => this.#cutOff(),
      mend: () => this.#mend(),
      stall: () => this.#stall(),
      wallStep: () => this.#stepWall(),
      storeRestart: () => this.#restartStore(),
    }
    take[step]()
  }

  #kill(): void {
    this.#onOne((process) => {
      process.budget.engageKillSwitch('a test')
      process.stopped.add('')
      this.#oracle.count('kill switch engaged')
      this.#oracle.say(() => `${process.id} engages the kill switch`)
    })
  }

  #revive(): void {
    this.#onOne((process) => {
      process.stopped.delete('')
      this.#oracle.say(() => `${process.id} releases the kill switch`)
      process.budget.releaseKillSwitch()
    })
  }

  #cutOff(): void {
    this.#onOne((process) => {
      process.line.cut = this.#random.pick(CUTS)
      this.#oracle.count('owner cut off')
      this.#oracle.say(() => `${process.id} is cut off: ${process.line.cut}`)
      if (this.#plan.isHarsh) this.#tryUntilTheLeaseEnds(process)
    })
  }

  /** It goes on bidding with what it has, most of all when it no longer may. */
  #tryUntilTheLeaseEnds(process: Process): void {
    const { leaseMs, prices, ttlsMs } = this.#plan
    if (!Number.isFinite(leaseMs)) return
    const names = this.#names()
    for (let share = 0.1; share < 1.2; share += share < 0.9 ? 0.2 : 0.02) {
      this.#time.after(share * leaseMs, () => {
        if (!process.isAlive || process.clock.isStalled || process.line.cut === 'none') return
        const amount = this.#random.whole(1, prices.min)
        const terms = { ttlMs: this.#random.pick(ttlsMs), onExpiry: 'release' as const }
        this.#place(process, names, amount, terms)
      })
    }
  }

  #stall(): void {
    this.#onOne((process) => {
      const forMs = this.#random.mostlySmall(100, 30_000)
      this.#oracle.count('owner stalled')
      this.#oracle.say(() => `${process.id} stands still for ${forMs} ms`)
      process.clock.stall(forMs)
    })
  }

  #onOne(act: (process: Process) => void, running = this.#running): void {
    if (running.length > 0) act(this.#random.pick(running))
  }

  #bid(): void {
    const favourite = this.#running[0]
    const one = favourite && this.#random.chance(this.#plan.favoured) ? [favourite] : this.#running
    this.#onOne((process) => {
      const random = this.#random
      const { prices, ttlsMs } = this.#plan
      const names = this.#names()
      const amount = random.whole(prices.min, prices.max)
      const onExpiry = random.chance(0.75) ? 'release' : 'settle'
      this.#place(process, names, amount, { ttlMs: random.pick(ttlsMs), onExpiry })
    }, one)
  }

  /** The first scope is in most bids. */
  #names(): string[] {
    const [first, ...others] = this.#plan.scopes.map(({ name }) => name)
    const second = others.length > 0 && this.#random.chance(0.8) ? [this.#random.pick(others)] : []
    if (!first || (second.length > 0 && this.#random.chance(0.2))) return second
    return [...second, first]
  }

  #place(process: Process, names: string[], amount: number, terms: HoldTerms): void {
    const id = `bid ${++this.#bidNumber}`
    // Decided before it is known whether there is money, so that the same draws follow either way.
    const fate = this.#random.fork()
    const isPatient = terms.onExpiry === 'settle' || fate.chance(0.6)
    const text = () => `${process.id} ${id}: ${amount} on ${names.join(', ')} for ${terms.ttlMs} ms`
    process
      .bid(id, names, amount, terms, isPatient, () => this.#time.nowMs)
      .then((bid) => {
        this.#oracle.say(() => `${text()} ${bid ? 'is held' : 'is refused'}, ${terms.onExpiry} on expiry`)
        if (!bid) return
        this.#bids.push(bid)
        if (terms.onExpiry === 'settle') this.#call(process, bid, terms.ttlMs, fate)
        else this.#auction(process, bid, terms.ttlMs, fate)
      })
  }

  /** A platform takes the bid, refuses it, or does either and does not say so. */
  #call(process: Process, bid: Bid, ttlMs: number, fate: Random): void {
    const what = fate.weighted({ taken: 6, refused: 2, silentlyTaken: 1, silentlyRefused: 1 })
    const isTaken = what === 'taken' || what === 'silentlyTaken'
    this.#time.after(fate.mostlySmall(1, ttlMs * 0.4), () => {
      if (isTaken) {
        bid.cost = { amount: bid.held, atMs: this.#time.nowMs }
        this.#oracle.covered(bid)
        bid.recordedMs = Number.POSITIVE_INFINITY
      } else {
        bid.isRefused = true
        if (!process.isAlive) this.#oracle.closed(bid)
      }
    })
    this.#time.at(bid.deadlineMs, () => this.#oracle.ended(bid))
    this.#time.after(ttlMs * 0.4 + fate.mostlySmall(1, ttlMs), () =>
      process.clock.run(() => {
        this.#oracle.say(() => `${bid.id} was ${what}`)
        if (what === 'silentlyRefused') {
          if (bid.open.size > 0) this.#oracle.settledFalsely(bid)
          process.returned(bid, true)
          if (fate.chance(0.5)) {
            this.#time.after(fate.mostlySmall(500, 10_000), () =>
              process.clock.run(() => process.credit(bid)),
            )
          }
        } else process.returned(bid, what !== 'refused')
      }),
    )
  }

  /** An exchange lets the bid win or lose, or never says. Notices are late, doubled, and go to whichever process. */
  #auction(process: Process, bid: Bid, ttlMs: number, fate: Random): void {
    const { lateBills, dearBills } = this.#plan
    const { deadlineMs } = bid
    this.#time.at(deadlineMs, () => {
      this.#oracle.closed(bid)
    })
    const what = fate.weighted({ won: 6, lost: 3, silence: 1 })
    if (what === 'won') {
      const isLate = fate.chance(lateBills)
      const delayMs = isLate ? ttlMs * (1.1 + 3 * fate.next()) : fate.mostlySmall(1, ttlMs * 0.8)
      const share = fate.chance(dearBills) ? 1 + fate.next() : fate.chance(0.5) ? 1 : fate.next()
      const amount = Math.round(bid.held * share)
      if (this.#liar.chance(this.#lies)) {
        this.#time.after(this.#liar.next() * delayMs, () => {
          if (process.isAlive) process.clock.run(() => process.lose(bid))
        })
      }
      this.#time.after(delayMs, () => {
        bid.cost = { amount, atMs: this.#time.nowMs }
        if (!process.isAlive && bid.cost.atMs <= deadlineMs) this.#oracle.covered(bid)
        this.#oracle.say(() => `${bid.id} costs ${amount}`)
        this.#billAhead(process, bid, amount)
        this.#notify(process, bid, fate.mostlySmall(1, 400), fate)
        if (fate.chance(0.3)) this.#notify(process, bid, fate.mostlySmall(1, 20_000), fate)
      })
    } else if (what === 'lost') {
      this.#time.after(fate.mostlySmall(1, ttlMs * 1.2), () => {
        if (process.isAlive) process.clock.run(() => process.lose(bid))
        else this.#oracle.closed(bid)
      })
    }
  }

  #billAhead(process: Process, bid: Bid, amount: number): void {
    if (!this.#onlooker.chance(this.#lowBills) || !process.isAlive) return
    const low = Math.floor(this.#onlooker.next() * Math.min(amount, bid.held))
    if (low > 0) process.clock.run(() => process.billAhead(bid, low))
  }

  /** A billing notice reaches some process; the next one, if that is gone meanwhile. */
  #notify(process: Process, bid: Bid, delayMs: number, fate: Random): void {
    const again = (ms: number) => this.#notify(process, bid, ms, fate)
    this.#time.after(delayMs, () => {
      const others = this.#running
      if (others.length === 0) return again(1_000)
      const taker = others.includes(process) && fate.chance(0.6) ? process : fate.pick(others)
      if (taker === process) return process.bill(bid)
      const amount = bid.cost?.amount ?? 0
      const bills = bid.scopes.map((scope) => ({ scope, owner: bid.owner, id: bid.id, amount, known: 0 }))
      Promise.resolve()
        .then(() => taker.store.bill(bills))
        .then(
          (replies) => {
            if (replies.every(({ is }) => is === 'booked' || is === 'already')) return
            this.#oracle.count('bill at the wrong process')
            if (process.isAlive) process.clock.run(() => process.bill(bid))
            else again(1_000)
          },
          () => again(700),
        )
      // Whoever took it may die before it has passed it on.
      this.#time.after(5_000, () => {
        if (!taker.isAlive) again(0)
      })
    })
  }

  #changeLimits(): void {
    this.#onOne((process) => {
      const planned = this.#random.pick(this.#plan.scopes)
      const scope = process.budget.scope(planned.name)
      if (!scope) return
      const isNew = this.#random.chance(0.3)
      const factor = this.#random.pick([0, 0.3, 0.7, 1, 1.5])
      const limits = isNew
        ? limitsOf(this.#random, 200 + this.#random.whole(0, 3_000))
        : scope.limits.map((spec) => ({
            ...spec,
            max: micros(Math.floor(spec.max * factor) + (factor < 1 ? 0 : 50)),
          }))
      // Put again, a scope that was removed goes on with what it has spent.
      if (this.#random.chance(0.3)) {
        process.stopped.delete(planned.name)
        process.budget.remove(planned.name)
        this.#oracle.count('scope removed and put again')
      }
      process.budget.define(planned.name, 'USD', limits, 'operator', this.#plan.holdMode)
      this.#oracle.count('limits changed')
      this.#oracle.say(() => `${process.id} sets ${planned.name} to ${JSON.stringify(limits)}`)
    })
  }

  #pause(): void {
    this.#onOne((process) => {
      const scope = process.budget.scope(this.#random.pick(this.#plan.scopes).name)
      if (!scope) return
      process.budget.pause(scope, 'a test')
      process.stopped.add(scope.name)
      this.#oracle.say(() => `${process.id} pauses ${scope.name}`)
      this.#oracle.count('paused')
    })
  }

  #resume(): void {
    this.#onOne((process) => {
      this.#oracle.say(() => `${process.id} resumes all`)
      for (const scope of process.budget.scopes) {
        process.stopped.delete(scope.name)
        process.budget.resume(scope)
      }
    })
  }

  /** Verbs for what never was or is another's, and bills that come again at another price. */
  #forge(): void {
    this.#onOne((process) => {
      const others = this.#bids.filter(({ owner }) => owner !== process.id)
      const ids = ['bid 0', ...(others.length > 0 ? [this.#forger.pick(others).id] : [])]
      const amount = micros(this.#forger.whole(1, 500))
      const endings = ids.flatMap((id) => [
        process.budget.settle(id, amount),
        process.budget.release(id),
        process.budget.credit(id),
      ])
      this.#oracle.expect(
        endings.every((ending) => ending === 'unknown'),
        'what never was moves nothing',
        () => endings.join(),
      )
      const booked = this.#bids.filter(({ scopes, billed }) => scopes.every((scope) => billed.has(scope)))
      if (booked.length > 0) this.#billAgain(process, this.#forger.pick(booked), amount)
    })
  }

  /** The store has booked it: at a lower price now that moves nothing, at a higher one the difference. */
  #billAgain(process: Process, { id, owner, scopes }: Bid, amount: number): void {
    this.#oracle.count('bill again at another price')
    Promise.resolve()
      .then(() => process.store.bill(scopes.map((scope) => ({ scope, owner, id, amount, known: 0 }))))
      .catch(() => undefined)
  }

  #leave(): void {
    this.#onOne((process) => {
      this.#oracle.count('owner left')
      this.#oracle.say(() => `${process.id} leaves`)
      process.isLeaving = true
      const gone = () => {
        if (process.isAlive) this.#die(process)
      }
      process.budget.close().then(gone)
      // Whoever runs the process does not wait for ever.
      this.#time.after(20_000, gone)
    })
  }

  #mend(): void {
    const cut = this.#alive.filter(({ line }) => line.cut !== 'none')
    if (cut.length === 0) return
    const process = this.#random.pick(cut)
    process.line.cut = 'none'
    this.#oracle.say(() => `${process.id} is connected again`)
  }

  /** Somebody sets a clock: of a process, or of the store's machine. */
  #stepWall(): void {
    const drawnMs = this.#random.pick([-7_200_000, -3_000, 3_000, 7_200_000, 26 * 3_600_000])
    const { kind } = this.#plan
    const isStore = kind !== 'journal' && this.#random.chance(0.5)
    if (!isStore && this.#processes.length === 0) return
    // Redis tells time by its wall clock, and is believed only while that agrees with its owners': no step of theirs is alike.
    const byMs = isStore && kind === 'redis' ? Math.sign(drawnMs) * 5_400_000 : drawnMs
    const clock = isStore ? this.#storeClock : this.#random.pick(this.#processes).clock
    clock.wallOffsetMs += byMs
    // Until somebody sets it right nothing can be done with it.
    if (kind === 'redis') {
      this.#time.after(this.#random.mostlySmall(500, 10_000), () => {
        clock.wallOffsetMs = this.#plan.startWallMs
      })
    }
    this.#oracle.count('wall clock stepped')
    this.#oracle.say(() => `the wall clock of ${isStore ? 'the store' : 'a process'} steps by ${byMs} ms`)
  }

  #restartStore(): void {
    this.#oracle.count('store restarted')
    this.#oracle.say(() => 'the store restarts')
    if (!this.#redis && !(this.#server instanceof SharedServer)) {
      this.#restartMachine()
      return
    }
    if (this.#redis) this.#restartRedis(this.#redis.server)
    else if (this.#server instanceof SharedServer) this.#server.restart()
    this.#network.isServerUp = false
    this.#time.after(this.#random.mostlySmall(10, 8_000), () => {
      this.#network.isServerUp = true
    })
  }

  #restartRedis(redis: RedisServer): void {
    const { minReplicas, faults } = this.#plan
    const { forgets } = faults
    const lost = { nothing: 0, last: this.#random.mostlySmall(1, 400), everything: Number.POSITIVE_INFINITY }[
      forgets
    ]
    const unregistered = redis.restart(lost)
    // With a replica nothing was used that such a loss takes away, so there it excuses nothing.
    if (minReplicas === 0) for (const owner of unregistered) this.#oracle.registrationLost(owner)
    if (lost === 0) return
    this.#oracle.count(`store forgot ${forgets}`)
    this.#oracle.storeForgot()
    if (!this.#plan.isHarsh) return
    // Whatever befell Redis befell them as well, and nobody can tell it what they had.
    for (const process of this.#alive) if (this.#random.chance(0.5)) this.#die(process)
  }

  /** The process dies with the machine; the next boot does not know how long that took, but has the right date. */
  #restartMachine(): void {
    const [process] = this.#alive
    if (!process) return
    this.#die(process)
    this.#oracle.say(() => 'the machine restarts')
    this.#boot = { id: `boot after ${this.#born}`, beganMs: this.#time.nowMs }
  }

  // The end ----------------------------------------------------------------------------------------------------------

  /** Everything heals, all is told, and what the limits allow can be placed again. */
  async #end(): Promise<void> {
    this.#oracle.say(() => 'everything heals')
    this.#network.heal()
    for (const { line } of this.#processes) line.cut = 'none'
    this.#redis?.server.heal()
    if (this.#redis) this.#setClocks()
    const { leaseMs, ttlsMs } = this.#plan
    const longestMs = Math.max(...ttlsMs)
    const left = Number.isFinite(leaseMs) ? leaseMs : 0
    await this.#pass(5 * longestMs + 2 * left + 25_000)
    if (this.#oracle.violation) return
    for (const process of this.#alive) process.budget.expire()
    if (this.#alive.length === 0) this.#start()
    await this.#passQuietly(left + 2 * longestMs + 3_000)
    // An idle scope is brought to the present by whoever asks.
    for (const process of this.#alive) process.budget.refresh()
    await this.#pass(2_000)
    if (this.#oracle.violation) return
    const { counts } = this.#oracle
    const isExact = !['owner died', 'owner told that it is forfeited', 'bill booked by the store'].some(
      (what) => counts.has(what),
    )
    for (const { name } of this.#plan.scopes) {
      const figures = this.#figures(name)
      if (!figures) continue
      this.#oracle.reckon(name, figures, isExact)
      const { promised } = figures
      this.#oracle.expect(
        promised === 0,
        'no money is lost for ever',
        () => `${promised} of ${name} are nowhere`,
      )
    }
    if (!this.#oracle.violation) await this.#spendAll()
  }

  #setClocks(): void {
    for (const clock of [this.#storeClock, ...this.#processes.map((process) => process.clock)]) {
      clock.wallOffsetMs = this.#plan.startWallMs
    }
  }

  /** Whom nobody asks for anything asks for nothing more often than a purse is looked after. */
  async #passQuietly(forMs: number): Promise<void> {
    const { sent } = this.#oracle
    await this.#pass(forMs)
    const most = this.#alive.length * this.#plan.scopes.length * (forMs / 1_000) * LINES_PER_SECOND
    const by = this.#oracle.sent - sent
    this.#oracle.expect(by <= most, 'a process comes to rest', () => `${by} lines in ${forMs} quiet ms`)
  }

  #figures(scope: string): Figures | undefined {
    return (this.#redis?.server ?? this.#server).figures(scope)
  }

  async #spendAll(): Promise<void> {
    const [process] = this.#alive
    if (!process) return
    process.budget.releaseKillSwitch()
    for (const scope of process.budget.scopes) process.budget.resume(scope)
    for (const one of this.#processes) one.stopped.clear()
    await this.#pass(21_000)
    if (this.#seed % 3 === 0) await this.#deliverAll()
    else await this.#holdAll(process)
  }

  /** One owner sets all that is left of each scope aside at once. */
  async #holdAll(process: Process): Promise<void> {
    for (const { name } of this.#plan.scopes) {
      const [scope] = process.scopes([name])
      const room = this.#figures(name)?.available ?? 0
      if (!scope || room <= 0) continue
      const amount = Math.min(room, 1_000_000)
      const terms = { ttlMs: 5_000, onExpiry: 'release' as const }
      const held = process.budget.holdSoon(`all of ${name}`, [scope], micros(amount), terms)
      let is: string | undefined
      held.then((result) => {
        is = result.is
      })
      await this.#pass(10_000)
      this.#oracle.expect(
        is === 'held',
        'the budget is delivered',
        () => `${amount} of ${name} could not be held: ${is}`,
      )
    }
  }
  /** Owners share all that is left of a scope, whoever had it before. */
  async #deliverAll(): Promise<void> {
    const scope = this.#plan.scopes.findLast(({ name }) => isSome(this.#figures(name)?.available))
    const room = scope && this.#figures(scope.name)?.available
    if (!scope || room === undefined || this.#oracle.violation) return
    const rest = restOf(scope.name, room)
    this.#oracle.count('rest wanted by several owners')
    const placed = await wantAll(this.#running, rest, this.#time, (forMs) => this.#pass(forMs))
    this.#oracle.expect(
      placed >= rest.bids - 1,
      'the budget is delivered',
      () => `${placed} of ${rest.bids} bids of ${rest.price} on ${scope.name} were placed`,
    )
  }
}

const isSome = (room: number | undefined): boolean => room !== undefined && room > 0 && Number.isFinite(room)
