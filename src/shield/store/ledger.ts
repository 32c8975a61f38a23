import type { Clock } from '../../clock.ts'
import { Account } from './account.ts'
import type { LedgerState } from './account-state.ts'
import type {
  Bill,
  BillReply,
  Control,
  KillSwitch,
  PauseState,
  PendingForfeit,
  ScopeDefinition,
  ScopeState,
  SyncLine,
  SyncReply,
  UnderWay,
} from './store.ts'

/** Every change of a ledger as a value, so that it can be written down before it is answered, and replayed. */
export type Command =
  | { readonly do: 'sync'; readonly owner: string; readonly line: SyncLine }
  | { readonly do: 'bill'; readonly bill: Bill }
  | { readonly do: 'leave'; readonly owner: string }
  | { readonly do: 'free'; readonly owner: string; readonly underWay: readonly UnderWay[] }
  | { readonly do: 'define'; readonly definition: ScopeDefinition }
  | { readonly do: 'remove'; readonly scope: string }
  | { readonly do: 'pause'; readonly scope: string; readonly pause: PauseState }
  | { readonly do: 'kill_switch'; readonly killSwitch: KillSwitch }

/** Removed scopes that are looked at with one change. */
const REMOVED_AT_ONCE = 16

/**
 * All scopes of one store and what operators decided about them. Deterministic: the same commands at the same times give
 * the same answers, whoever asks.
 */
export class Ledger {
  readonly #clock: Clock
  readonly #leaseMs: number
  readonly #accounts = new Map<string, Account>()
  #killSwitch: KillSwitch = { is: 'released' }
  #version = 1
  /** Scopes whose definition or pause has changed since {@link takeChanged} was asked last. */
  readonly #changed = new Set<string>()
  /** Scopes that were removed and are not forgotten yet, in the order in which they are looked at. */
  readonly #removed = new Set<string>()

  /** @param leaseMs how long an owner's grants last without a word; Infinity where owners cannot be cut off */
  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock
    this.#leaseMs = leaseMs
  }

  /** The ledger as it was when {@link state} was asked. Where leases last otherwise now, that holds from the next answer on. */
  static restored(clock: Clock, leaseMs: number, { version, killSwitch, accounts }: LedgerState): Ledger {
    const ledger = new Ledger(clock, leaseMs)
    ledger.#version = version
    ledger.#killSwitch = killSwitch
    for (const state of accounts) {
      ledger.#accounts.set(state.scope, Account.restored(clock, leaseMs, state))
      if (state.removedMs !== undefined) ledger.#removed.add(state.scope)
    }
    return ledger
  }

  /** Everything there is to know, as plain data of its own. */
  state(): LedgerState {
    const accounts = [...this.#accounts.values()].map((account) => account.state())
    return { version: this.#version, killSwitch: this.#killSwitch, accounts }
  }

  /** After a time that the elapsed clock has not counted: days go by the wall clock as it is now. */
  trustWall(): void {
    for (const account of this.#accounts.values()) account.trustWall()
  }

  get accounts(): ReadonlyMap<string, Account> {
    return this.#accounts
  }

  sync(owner: string, line: SyncLine): SyncReply {
    return this.#accounts.get(line.scope)?.sync(owner, line) ?? { is: 'unknown_scope' }
  }

  bill(bill: Bill): BillReply {
    return this.#accounts.get(bill.scope)?.bill(bill) ?? { is: 'unknown_scope' }
  }

  /** @param mayLinger it may be using what it has been granted until its lease ends */
  leave(owner: string, mayLinger = false): void {
    for (const account of this.#accounts.values()) account.leave(owner, mayLinger)
  }

  /** Forfeits that records of their owners may lessen. */
  pendingForfeits(): PendingForfeit[] {
    return [...this.#accounts.values()].flatMap((account) => account.pendingForfeits)
  }

  /** What a gone owner had under way by its records; the rest of what it forfeited is free. Returns that, by scope. */
  free(owner: string, underWay: readonly UnderWay[]): UnderWay[] {
    return underWay.flatMap(({ scope, amount }) => {
      const freed = this.#accounts.get(scope)?.free(owner, amount) ?? 0
      return freed > 0 ? [{ scope, amount: freed }] : []
    })
  }

  /** A configuration never undoes what an operator set. */
  define(definition: ScopeDefinition): ScopeDefinition {
    const { scope, currency, limits, by, holdMode } = definition
    this.#forgetRemoved()
    const known = this.#accounts.get(scope)
    if (!known) {
      this.#accounts.set(scope, new Account(this.#clock, this.#leaseMs, definition))
      this.#change(scope)
      return definition
    }
    if (currency === known.currency && (by === 'operator' || known.setBy === 'configuration')) {
      known.setLimits(limits, by, holdMode)
      this.#change(scope)
    }
    if (this.#removed.delete(scope)) {
      known.removedMs = undefined
      this.#change(scope)
    }
    return definitionOf(known)
  }

  /** See {@link BudgetStore.remove}. */
  remove(scope: string): void {
    this.#forgetRemoved()
    const account = this.#accounts.get(scope)
    if (!account || account.removedMs !== undefined) return
    account.remove()
    this.#removed.add(scope)
    this.#change(scope)
  }

  /** Looks at a few of the removed scopes; with every change of any, so that all are looked at in turn. */
  #forgetRemoved(): void {
    for (const scope of [...this.#removed.values().take(REMOVED_AT_ONCE)]) {
      this.#removed.delete(scope)
      if (this.#accounts.get(scope)?.isForgettable) this.#accounts.delete(scope)
      else this.#removed.add(scope)
    }
  }

  /** What is defined of a scope. */
  definition(scope: string): ScopeDefinition | undefined {
    const account = this.#accounts.get(scope)
    return account && account.removedMs === undefined ? definitionOf(account) : undefined
  }

  setPause(scope: string, pause: PauseState): void {
    const account = this.#accounts.get(scope)
    // Also of a removed scope: whoever pauses it means the one that may be defined next.
    if (!account) return
    account.pause = pause
    this.#change(scope)
  }

  setKillSwitch(killSwitch: KillSwitch): void {
    this.#killSwitch = killSwitch
    this.#version += 1
  }

  get version(): number {
    return this.#version
  }

  control(names?: Iterable<string>): Control {
    const scopes: ScopeState[] = []
    for (const name of names ?? this.#accounts.keys()) {
      const account = this.#accounts.get(name)
      if (!account) continue
      const { pause, removedMs } = account
      if (removedMs === undefined) scopes.push({ ...definitionOf(account), pause })
      // Of all scopes only those that are in use.
      else if (names) scopes.push({ ...definitionOf(account), pause, isRemoved: true })
    }
    return { version: this.#version, killSwitch: this.#killSwitch, scopes }
  }

  /** Control of the scopes that have changed since this was asked last. */
  takeChanged(): Control {
    const control = this.control(this.#changed)
    this.#changed.clear()
    return control
  }

  #change(scope: string): void {
    this.#version += 1
    this.#changed.add(scope)
  }
}

const definitionOf = ({ name, currency, limits, setBy, holdMode }: Account): ScopeDefinition => ({
  scope: name,
  currency,
  limits,
  by: setBy,
  ...(holdMode && { holdMode }),
})
