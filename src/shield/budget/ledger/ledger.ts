import type { Clock } from '../../../time/clock.ts'
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
} from '../protocol/store.ts'
import { Account } from './account.ts'
import type { LedgerState } from './account-state.ts'

/** A change of a ledger as a value, so that it can be written before it is answered, and replayed. */
export type Command =
  | { readonly do: 'sync'; readonly owner: string; readonly line: SyncLine }
  | { readonly do: 'bill'; readonly bill: Bill }
  | { readonly do: 'leave'; readonly owner: string }
  | { readonly do: 'free'; readonly owner: string; readonly underWay: readonly UnderWay[] }
  | { readonly do: 'define'; readonly definition: ScopeDefinition }
  | { readonly do: 'remove'; readonly scope: string }
  | { readonly do: 'pause'; readonly scope: string; readonly pause: PauseState }
  | { readonly do: 'kill_switch'; readonly killSwitch: KillSwitch }

/** The number of removed scopes that are checked for deletion with every change. */
const REMOVED_AT_ONCE = 16

/**
 * All accounts of one store, and what operators decided about them. Deterministic: the same commands at the same times
 * give the same answers.
 */
export class Ledger {
  readonly #clock: Clock
  #leaseMs: number
  readonly #accounts = new Map<string, Account>()
  #killSwitch: KillSwitch = { is: 'released' }
  #version = 1
  /** Scopes whose definition or pause has changed since the last {@link takeChanged}. */
  readonly #changed = new Set<string>()
  /** Removed scopes whose accounts still exist, in the order in which they are checked. */
  readonly #removed = new Set<string>()

  /** @param leaseMs length of a lease; Infinity if owners cannot be cut off from the store */
  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock
    this.#leaseMs = leaseMs
  }

  /** Rebuilds a ledger from what {@link state} returned. See {@link reopen} for `leaseMs`. */
  static restored(
    clock: Clock,
    leaseMs: number,
    { version, killSwitch, accounts, removed }: LedgerState,
  ): Ledger {
    const ledger = new Ledger(clock, leaseMs)
    ledger.#version = version
    ledger.#killSwitch = killSwitch
    for (const state of accounts) {
      ledger.#accounts.set(state.scope, Account.restored(clock, leaseMs, state))
    }
    const unordered = () =>
      accounts.filter(({ removedMs }) => removedMs !== undefined).map(({ scope }) => scope)
    for (const scope of removed ?? unordered()) ledger.#removed.add(scope)
    return ledger
  }

  /** The complete state as plain data, independent of the ledger. */
  state(): LedgerState {
    const accounts = [...this.#accounts.values()].map((account) => account.state())
    // The order belongs to the state: a copy that deleted others first would answer later commands differently.
    const removed = this.#removed.size === 0 ? {} : { removed: [...this.#removed] }
    return { version: this.#version, killSwitch: this.#killSwitch, accounts, ...removed }
  }

  /** Goes on as a restored ledger would: with a length of leases that applies from an owner's next answer on. */
  reopen(leaseMs: number): void {
    this.#leaseMs = leaseMs
    this.#changed.clear()
    this.#removed.clear()
    for (const account of this.#accounts.values()) {
      account.leaseMs = leaseMs
      if (account.removedMs !== undefined) this.#removed.add(account.name)
    }
  }

  /** Call after a time that the elapsed clock did not count, such as a reboot: days then follow the present wall clock. */
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

  /**
   * Forfeits what an owner still has, in every scope.
   *
   * @param mayLinger whether the owner may still be using its grants until its lease ends
   */
  leave(owner: string, mayLinger = false): void {
    for (const account of this.#accounts.values()) account.leave(owner, mayLinger)
  }

  /** Forfeits that records of their owners may reduce. */
  pendingForfeits(): PendingForfeit[] {
    return [...this.#accounts.values()].flatMap((account) => account.pendingForfeits)
  }

  /** Reduces the forfeits of a gone owner to what its records prove. Returns what was freed, by scope. */
  free(owner: string, underWay: readonly UnderWay[]): UnderWay[] {
    return underWay.flatMap(({ scope, amount }) => {
      const freed = this.#accounts.get(scope)?.free(owner, amount) ?? 0
      return freed > 0 ? [{ scope, amount: freed }] : []
    })
  }

  /** See {@link BudgetStore.define}. A configuration does not replace limits that an operator set. */
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

  /** Deletes removed scopes that no longer count. Checks a few with every change, in turn. */
  #forgetRemoved(): void {
    for (const scope of [...this.#removed.values().take(REMOVED_AT_ONCE)]) {
      this.#removed.delete(scope)
      if (this.#accounts.get(scope)?.isForgettable) this.#accounts.delete(scope)
      else this.#removed.add(scope)
    }
  }

  /** The definition of a scope; undefined when there is none or it was removed. */
  definition(scope: string): ScopeDefinition | undefined {
    const account = this.#accounts.get(scope)
    return account && account.removedMs === undefined ? definitionOf(account) : undefined
  }

  setPause(scope: string, pause: PauseState): void {
    const account = this.#accounts.get(scope)
    // A removed scope can be paused as well: the pause then applies when it is defined again.
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
      // Removed scopes are reported only if they are named.
      else if (names) scopes.push({ ...definitionOf(account), pause, isRemoved: true })
    }
    return { version: this.#version, killSwitch: this.#killSwitch, scopes }
  }

  /** The control state of the scopes that have changed since the last call. */
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
