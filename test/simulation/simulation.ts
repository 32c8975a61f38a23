import { micros } from '../../src/money.ts'
import type { HoldTerms } from '../../src/shield/index.ts'
import type { Control } from '../../src/shield/store/store.ts'
import { type Cut, DiskStore, LocalStore, Network, RemoteStore } from './network.ts'
import { type Bid, Oracle, type Violation } from './oracle.ts'
import { limitsOf, type Plan, planOf } from './plan.ts'
import { Process } from './process.ts'
import { Random } from './random.ts'
import { type Boot, JournalServer, MemoryServer, type Row, type Server, SharedServer } from './server.ts'
import { tapped } from './tap.ts'
import { ProcessClock, settleDown, VirtualTime } from './time.ts'

export interface RunOptions {
  readonly seed: number
  /** No more than so many steps of the workload; the end is played all the same. */
  readonly steps?: number
  readonly trace?: (text: string) => void
  /** See {@link planOf}. */
  readonly isHarsh?: boolean
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
const CUTS: readonly Cut[] = ['both', 'requests', 'answers']

class Simulation {
  readonly #seed: number
  readonly #plan: Plan
  readonly #maxSteps: number
  readonly #random: Random
  readonly #time = new VirtualTime()
  readonly #oracle: Oracle
  readonly #network: Network
  readonly #storeClock: ProcessClock
  /** Of the process with the journal, which dies with it. */
  #server: Server
  readonly #tapped: Server
  readonly #watchers = new Set<(control: Control) => void>()
  readonly #processes: Process[] = []
  #disk: readonly Row[] = []
  #boot: Boot = { id: 'boot 1', beganMs: -500_000 }
  #born = 0
  #bidNumber = 0
  #steps = 0

  constructor({ seed, steps, trace, isHarsh }: RunOptions) {
    this.#seed = seed
    this.#plan = planOf(seed, isHarsh)
    const { kind, leaseMs, startWallMs, faults } = this.#plan
    this.#maxSteps = Math.min(steps ?? Number.POSITIVE_INFINITY, this.#plan.steps)
    this.#random = new Random(seed ^ 0x5eed)
    const wallMs = () => startWallMs + this.#time.nowMs
    this.#oracle = new Oracle(this.#time, wallMs, Number.isFinite(leaseMs) ? leaseMs : 1_000, trace)
    this.#network = new Network(this.#time, this.#random.fork(), this.#oracle, faults)
    this.#storeClock = new ProcessClock(this.#time, 1, startWallMs)
    this.#server =
      kind === 'memory'
        ? new MemoryServer(this.#storeClock, leaseMs)
        : new SharedServer(this.#storeClock, leaseMs)
    this.#tapped = tapped(
      () => this.#server,
      leaseMs,
      this.#oracle,
      (scope) => {
        for (const process of this.#processes) process.stopped.delete(scope)
      },
    )
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
      await settleDown()
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
    for (let i = 0; i < 10; i++) await settleDown()
    const { sent } = this.#oracle
    for (let i = 0; i < 10; i++) await settleDown()
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
    const process = new Process(id, clock, line, store, this.#oracle, random.pick([8_000, 8_000, 16]))
    this.#processes.push(process)
    process.define(scopes)
    this.#oracle.say(() => `${id} starts, its clock runs at ${(1 + drift).toFixed(3)}`)
  }

  #storeFor(clock: ProcessClock, line: { cut: Cut }) {
    const { kind } = this.#plan
    if (kind === 'memory') return new LocalStore(this.#tapped, line, this.#oracle, this.#watchers)
    if (kind === 'shared') {
      const givesUp = this.#random.chance(0.5)
      return new RemoteStore(this.#network, this.#tapped, clock, line, this.#oracle, givesUp)
    }
    const journal = new JournalServer(clock, this.#boot, this.#time.nowMs, this.#disk)
    this.#server = journal
    return new DiskStore(this.#tapped, journal, clock, this.#random.fork(), this.#oracle)
  }

  #die(process: Process): void {
    this.#oracle.count('owner died')
    this.#oracle.say(() => `${process.id} dies`)
    process.die(this.#time.nowMs)
    if (!(this.#server instanceof JournalServer)) return
    this.#disk = this.#server.crash(this.#random)
    this.#oracle.storeCrashed()
  }

  // Steps ------------------------------------------------------------------------------------------------------------

  #step(): void {
    const { death, cutOff, stall, wallStep, storeRestart } = this.#plan.faults
    const dead = this.#plan.owners - this.#alive.length
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
      this.#time.after(delayMs, () => {
        bid.cost = { amount, atMs: this.#time.nowMs }
        if (!process.isAlive && bid.cost.atMs <= deadlineMs) this.#oracle.covered(bid)
        this.#oracle.say(() => `${bid.id} costs ${amount}`)
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

  /** A billing notice reaches some process; the next one, if that is gone meanwhile. */
  #notify(process: Process, bid: Bid, delayMs: number, fate: Random): void {
    const again = (ms: number) => this.#notify(process, bid, ms, fate)
    this.#time.after(delayMs, () => {
      const others = this.#running
      if (others.length === 0) return again(1_000)
      const taker = others.includes(process) && fate.chance(0.6) ? process : fate.pick(others)
      if (taker === process) return process.bill(bid)
      const amount = bid.cost?.amount ?? 0
      const bills = bid.scopes.map((scope) => ({ scope, owner: bid.owner, id: bid.id, amount }))
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
      process.budget.define(planned.name, 'USD', limits, 'operator')
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

  /** Verbs for what never was. */
  #forge(): void {
    this.#onOne((process) => {
      const endings = [
        process.budget.settle('bid 0', micros(50)),
        process.budget.release('bid 0'),
        process.budget.credit('bid 0'),
      ]
      this.#oracle.expect(
        endings.every((ending) => ending === 'unknown'),
        'what never was moves nothing',
        () => endings.join(),
      )
    })
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
    const byMs = this.#random.pick([-7_200_000, -3_000, 3_000, 7_200_000, 26 * 3_600_000])
    const { kind } = this.#plan
    const isStore = kind !== 'journal' && this.#random.chance(0.5)
    const clock = isStore ? this.#storeClock : this.#random.pick(this.#processes).clock
    clock.wallOffsetMs += byMs
    this.#oracle.count('wall clock stepped')
    this.#oracle.say(() => `the wall clock of ${isStore ? 'the store' : 'a process'} steps by ${byMs} ms`)
  }

  #restartStore(): void {
    this.#oracle.count('store restarted')
    if (this.#server instanceof SharedServer) {
      this.#oracle.say(() => 'the store restarts')
      this.#server.restart()
      this.#network.isServerUp = false
      this.#time.after(this.#random.mostlySmall(10, 8_000), () => {
        this.#network.isServerUp = true
      })
    } else this.#restartMachine()
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
    const { leaseMs, ttlsMs } = this.#plan
    const longestMs = Math.max(...ttlsMs)
    const left = Number.isFinite(leaseMs) ? leaseMs : 0
    await this.#pass(5 * longestMs + 2 * left + 25_000)
    if (this.#oracle.violation) return
    for (const process of this.#alive) process.budget.expire()
    if (this.#alive.length === 0) this.#start()
    await this.#pass(left + 2 * longestMs + 3_000)
    // An idle scope is brought to the present by whoever asks.
    for (const process of this.#alive) process.budget.refresh()
    await this.#pass(2_000)
    if (this.#oracle.violation) return
    const { counts } = this.#oracle
    const isExact = !['owner died', 'owner told that it is forfeited', 'bill booked by the store'].some(
      (what) => counts.has(what),
    )
    for (const { name } of this.#plan.scopes) {
      const figures = this.#server.figures(name)
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

  async #spendAll(): Promise<void> {
    const [process] = this.#alive
    if (!process) return
    process.budget.releaseKillSwitch()
    for (const scope of process.budget.scopes) process.budget.resume(scope)
    for (const one of this.#processes) one.stopped.clear()
    await this.#pass(21_000)
    for (const { name } of this.#plan.scopes) {
      const [scope] = process.scopes([name])
      const room = this.#server.figures(name)?.available ?? 0
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
}
