import {
  type Bill,
  type BillReply,
  type BudgetStore,
  type Control,
  type KillSwitch,
  type PauseState,
  type ScopeDefinition,
  type Soon,
  StoreUnavailable,
  type SyncLine,
  type SyncReply,
} from '../../src/shield/budget/protocol/store.ts'
import { type Cancel, every } from '../../src/time/clock.ts'
import type { Oracle } from './oracle.ts'
import type { Faults } from './plan.ts'
import type { Random } from './random.ts'
import type { JournalServer, Server } from './server.ts'
import type { ProcessClock, VirtualTime } from './time.ts'

/** Which way a process is cut off from its store. */
export type Cut = 'none' | 'both' | 'requests' | 'answers'

export interface Line {
  cut: Cut
}

/** What lies between processes and a store of its own. */
export class Network {
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #oracle: Oracle
  #faults: Faults
  /** While it is down, whoever calls is refused or hears nothing. */
  isServerUp = true

  constructor(time: VirtualTime, random: Random, oracle: Oracle, faults: Faults) {
    this.#time = time
    this.#random = random
    this.#oracle = oracle
    this.#faults = faults
  }

  /** From now on everything arrives, in time and once. */
  heal(): void {
    this.#faults = { ...this.#faults, loss: 0, doubled: 0, late: 0 }
    this.isServerUp = true
  }

  /**
   * Lets a request travel, once or twice or not at all, and its answers travel back. What operators decide travels once and
   * in order: a decision has no number, so one that is overtaken would undo what came after it.
   */
  call<T>(
    line: Line,
    clock: ProcessClock,
    work: () => T,
    answered: (reply: T) => void,
    refused: () => void,
    isDecision = false,
  ): void {
    const copies = !isDecision && this.#random.chance(this.#faults.doubled) ? 2 : 1
    if (copies === 2) this.#oracle.count('request doubled')
    for (let copy = 0; copy < copies; copy++) {
      if (this.#isLost(line, 'requests')) continue
      this.#time.after(isDecision ? 4 : this.#delayMs('request'), () => {
        if (!this.isServerUp) {
          this.#oracle.count('store down')
          if (this.#random.chance(0.5)) clock.run(refused)
          return
        }
        const reply = work()
        if (this.#isLost(line, 'answers')) return
        this.#time.after(this.#delayMs('answer'), () => {
          // Cut off while it was under way.
          if (line.cut === 'none' || line.cut === 'requests') clock.run(() => answered(reply))
        })
      })
    }
  }

  /** Something that nobody asked for reaches a process, or does not. */
  announce(line: Line, clock: ProcessClock, work: () => void): void {
    if (this.#isLost(line, 'answers')) return
    this.#time.after(this.#delayMs('answer'), () => clock.run(work))
  }

  #isLost(line: Line, way: 'requests' | 'answers'): boolean {
    if (line.cut === 'both' || line.cut === way) {
      this.#oracle.count(`${way} cut off`)
      return true
    }
    if (!this.#random.chance(this.#faults.loss)) return false
    this.#oracle.count(`${way} lost`)
    return true
  }

  #delayMs(what: string): number {
    if (!this.#random.chance(this.#faults.late)) return this.#random.whole(1, 8)
    this.#oracle.count(`${what} late`)
    return this.#random.mostlySmall(20, 15_000)
  }
}

/** Announcements are looked for this often. */
const POLL_MS = 500
/** After this long a client gives an answer up. */
export const COMMAND_MS = 800

/** A store beyond a network, as one process reaches it. */
export class RemoteStore implements BudgetStore {
  readonly answersAtOnce = false
  readonly boundsForfeits: boolean
  readonly #network: Network
  readonly #server: Server
  readonly #clock: ProcessClock
  readonly #line: Line
  readonly #oracle: Oracle
  /** Whether answers are given up in time, or taken whenever they come. */
  readonly #givesUp: boolean
  #known = 0
  #watcher: ((control: Control) => void) | undefined

  constructor(
    network: Network,
    server: Server,
    clock: ProcessClock,
    line: Line,
    oracle: Oracle,
    givesUp: boolean,
    boundsForfeits: boolean,
  ) {
    this.boundsForfeits = boundsForfeits
    this.#network = network
    this.#server = server
    this.#clock = clock
    this.#line = line
    this.#oracle = oracle
    this.#givesUp = givesUp
  }

  async sync(owner: string, lines: readonly SyncLine[]): Promise<readonly SyncReply[]> {
    for (const line of lines) this.#oracle.lineSent(owner, line)
    return Promise.all(lines.map((line) => this.#ask(() => this.#server.sync(owner, line))))
  }

  async bill(bills: readonly Bill[]): Promise<readonly BillReply[]> {
    return Promise.all(bills.map((bill) => this.#ask(() => this.#server.bill(bill))))
  }

  leave(owner: string): Promise<void> {
    return this.#ask(() => this.#server.leave(owner))
  }

  async define(definition: ScopeDefinition): Promise<ScopeDefinition> {
    let defined = definition
    await this.#changed(() => {
      defined = this.#server.define(definition)
    })
    return defined
  }

  remove(scope: string): Promise<void> {
    return this.#changed(() => this.#server.remove(scope))
  }

  setPause(scope: string, pause: PauseState): Promise<void> {
    return this.#changed(() => this.#server.setPause(scope, pause))
  }

  setKillSwitch(killSwitch: KillSwitch): Promise<void> {
    return this.#changed(() => this.#server.setKillSwitch(killSwitch))
  }

  control(): Promise<Control> {
    return this.#ask(() => this.#server.control())
  }

  async trust(): Promise<void> {}

  watch(onChange: (control: Control) => void): Cancel {
    this.#watcher = onChange
    return every(this.#clock, POLL_MS, () => {
      this.control().then(
        (control) => this.#take(control),
        () => undefined,
      )
    })
  }

  async #changed(work: () => void): Promise<void> {
    const changed = () => {
      work()
      return this.#server.control()
    }
    const control = await this.#ask(changed, true)
    this.#take(control)
  }

  /** What is older than what is known came late. */
  #take(control: Control): void {
    if (control.version <= this.#known) return
    this.#known = control.version
    this.#watcher?.(control)
  }

  async close(): Promise<void> {}

  #ask<T>(work: () => T, isDecision = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new StoreUnavailable('refused'))
      const giveUp = this.#givesUp ? this.#clock.after(COMMAND_MS, refuse) : () => undefined
      const answered = (reply: T) => {
        giveUp()
        resolve(reply)
      }
      this.#network.call(this.#line, this.#clock, work, answered, refuse, isDecision)
    })
  }
}

/** A store in this process: it answers within the call, or fails within it. */
export class LocalStore implements BudgetStore {
  readonly answersAtOnce = true
  readonly boundsForfeits: boolean
  readonly #server: Server
  readonly #line: Line
  readonly #oracle: Oracle
  readonly #watchers: Set<(control: Control) => void>

  /** @param watchers of all processes that share the server */
  constructor(
    server: Server,
    line: Line,
    oracle: Oracle,
    watchers: Set<(control: Control) => void>,
    boundsForfeits: boolean,
  ) {
    this.boundsForfeits = boundsForfeits
    this.#server = server
    this.#line = line
    this.#oracle = oracle
    this.#watchers = watchers
  }

  sync(owner: string, lines: readonly SyncLine[]): Soon<readonly SyncReply[]> {
    // The run is over: whoever still asks, and would ask again for ever, hears nothing more.
    if (this.#oracle.violation) return new Promise(() => undefined)
    for (const line of lines) this.#oracle.lineSent(owner, line)
    this.#reach()
    const replies = lines.map((line) => this.#server.sync(owner, line))
    if (this.#line.cut === 'answers') throw new StoreUnavailable('no answer')
    return replies
  }

  bill(bills: readonly Bill[]): readonly BillReply[] {
    this.#reach()
    return bills.map((bill) => this.#server.bill(bill))
  }

  leave(owner: string): void {
    this.#reach()
    this.#server.leave(owner)
  }

  define(definition: ScopeDefinition): ScopeDefinition {
    this.#reach()
    const defined = this.#server.define(definition)
    this.#tell()
    return defined
  }

  remove(scope: string): void {
    this.#reach()
    this.#server.remove(scope)
    this.#tell()
  }

  setPause(scope: string, pause: PauseState): void {
    this.#reach()
    this.#server.setPause(scope, pause)
    this.#tell()
  }

  setKillSwitch(killSwitch: KillSwitch): void {
    this.#reach()
    this.#server.setKillSwitch(killSwitch)
    this.#tell()
  }

  control(): Control {
    return this.#server.control()
  }

  trust(): void {}

  watch(onChange: (control: Control) => void): Cancel {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  async close(): Promise<void> {}

  #reach(): void {
    if (this.#line.cut === 'both' || this.#line.cut === 'requests') throw new StoreUnavailable('cut off')
  }

  #tell(): void {
    const control = this.#server.control()
    for (const onChange of this.#watchers) onChange(control)
  }
}

/** A store whose answers wait for the disk; what comes meanwhile shares the next write. */
export class DiskStore implements BudgetStore {
  readonly answersAtOnce = false
  readonly boundsForfeits: boolean
  readonly #server: Server
  readonly #journal: JournalServer
  readonly #clock: ProcessClock
  readonly #random: Random
  readonly #oracle: Oracle
  readonly #watchers = new Set<(control: Control) => void>()
  #writing: Promise<void> | undefined

  constructor(
    server: Server,
    journal: JournalServer,
    clock: ProcessClock,
    random: Random,
    oracle: Oracle,
    boundsForfeits: boolean,
  ) {
    this.boundsForfeits = boundsForfeits
    this.#server = server
    this.#journal = journal
    this.#clock = clock
    this.#random = random
    this.#oracle = oracle
  }

  async sync(owner: string, lines: readonly SyncLine[]): Promise<readonly SyncReply[]> {
    for (const line of lines) this.#oracle.lineSent(owner, line)
    return this.#written(() => lines.map((line) => this.#server.sync(owner, line)))
  }

  bill(bills: readonly Bill[]): Promise<readonly BillReply[]> {
    return this.#written(() => bills.map((bill) => this.#server.bill(bill)))
  }

  leave(owner: string): Promise<void> {
    return this.#written(() => this.#server.leave(owner))
  }

  define(definition: ScopeDefinition): Promise<ScopeDefinition> {
    return this.#changed(() => this.#server.define(definition))
  }

  remove(scope: string): Promise<void> {
    return this.#changed(() => this.#server.remove(scope))
  }

  setPause(scope: string, pause: PauseState): Promise<void> {
    return this.#changed(() => this.#server.setPause(scope, pause))
  }

  setKillSwitch(killSwitch: KillSwitch): Promise<void> {
    return this.#changed(() => this.#server.setKillSwitch(killSwitch))
  }

  control(): Control {
    return this.#server.control()
  }

  trust(): void {}

  watch(onChange: (control: Control) => void): Cancel {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  async close(): Promise<void> {}

  async #changed<T>(work: () => T): Promise<T> {
    const reply = await this.#written(work)
    for (const onChange of this.#watchers) onChange(this.#server.control())
    return reply
  }

  async #written<T>(work: () => T): Promise<T> {
    const reply = work()
    await this.#writing
    this.#writing ??= new Promise((resolve) => {
      this.#clock.after(this.#random.whole(1, 5), () => {
        this.#journal.flush()
        this.#writing = undefined
        resolve()
      })
    })
    await this.#writing
    return reply
  }
}
