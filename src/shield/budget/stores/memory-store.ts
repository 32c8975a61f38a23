import type { Cancel, Clock } from '../../../time/clock.ts'
import { Ledger } from '../ledger/ledger.ts'
import type {
  Bill,
  BillReply,
  BudgetStore,
  Control,
  KillSwitch,
  PauseState,
  ScopeDefinition,
  SyncLine,
  SyncReply,
} from '../protocol/store.ts'

/** A store in the memory of this process. It answers synchronously, and its data ends with the process. */
export class MemoryStore implements BudgetStore {
  readonly answersAtOnce = true
  readonly boundsForfeits = true
  readonly ledger: Ledger
  readonly #watchers = new Set<(control: Control) => void>()

  /** @param leaseMs length of a lease; Infinity for a store that only this process uses */
  constructor(clock: Clock, leaseMs = Number.POSITIVE_INFINITY) {
    this.ledger = new Ledger(clock, leaseMs)
  }

  sync(owner: string, lines: readonly SyncLine[]): SyncReply[] {
    return lines.map((line) => this.ledger.sync(owner, line))
  }

  bill(bills: readonly Bill[]): BillReply[] {
    return bills.map((bill) => this.ledger.bill(bill))
  }

  leave(owner: string): void {
    this.ledger.leave(owner)
  }

  define(definition: ScopeDefinition): ScopeDefinition {
    const before = this.ledger.version
    const defined = this.ledger.define(definition)
    if (this.ledger.version !== before) this.#tell()
    return defined
  }

  remove(scope: string): void {
    this.ledger.remove(scope)
    this.#tell()
  }

  setPause(scope: string, pause: PauseState): void {
    this.ledger.setPause(scope, pause)
    this.#tell()
  }

  setKillSwitch(killSwitch: KillSwitch): void {
    this.ledger.setKillSwitch(killSwitch)
    this.#tell()
  }

  control(scopes?: readonly string[]): Control {
    return this.ledger.control(scopes)
  }

  /** Does nothing: this store never has a fence, since it loses data only together with the process that spends. */
  trust(): void {}

  watch(onChange: (control: Control) => void): Cancel {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  async close(): Promise<void> {
    this.#watchers.clear()
  }

  #tell(): void {
    const control = this.ledger.takeChanged()
    for (const onChange of this.#watchers) onChange(control)
  }
}
