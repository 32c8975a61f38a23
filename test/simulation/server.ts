import type { Account } from '../../src/shield/budget/ledger/account.ts'
import type { LedgerState } from '../../src/shield/budget/ledger/account-state.ts'
import { Ledger } from '../../src/shield/budget/ledger/ledger.ts'
import type {
  Bill,
  BillReply,
  Control,
  KillSwitch,
  PauseState,
  PendingForfeit,
  ScopeDefinition,
  SyncLine,
  SyncReply,
  UnderWay,
} from '../../src/shield/budget/protocol/store.ts'
import { MemoryStore } from '../../src/shield/budget/stores/memory-store.ts'
import {
  CHAIN_START,
  chainHash,
  type JournalCommand,
  type JournalEntry,
  type Opening,
  textOf,
} from '../../src/shield/budget/stores/sqlite/journal-entry.ts'
import { type CommandReply, JournalLedger } from '../../src/shield/budget/stores/sqlite/journal-ledger.ts'
import { replay, unwritten } from '../../src/shield/budget/stores/sqlite/journal-replay.ts'
import type { LimitSpec } from '../../src/shield/index.ts'
import type { Random } from './random.ts'
import type { ProcessClock } from './time.ts'

/** How a scope stands in the store. */
export interface Figures {
  readonly spent: number
  readonly overdraft: number
  /** Granted to owners, or forfeited by them, and not yet spend. */
  readonly promised: number
  readonly available: number
  readonly limits: readonly LimitSpec[]
  /** Of `promised`: what owners never held and would not forfeit if they ended now. */
  readonly unheld: number
}

/** What the record watches at a store. */
export interface Watched {
  sync(owner: string, line: SyncLine): SyncReply
  bill(bill: Bill): BillReply
  define(definition: ScopeDefinition): ScopeDefinition
  remove(scope: string): void
  setPause(scope: string, pause: PauseState): void
  setKillSwitch(killSwitch: KillSwitch): void
  figures(scope: string): Figures | undefined
}

/** The store's side: everything happens at the moment it is called. */
export interface Server extends Watched {
  leave(owner: string): void
  control(): Control
  pending(): readonly PendingForfeit[]
  free(owner: string, underWay: readonly UnderWay[]): void
}

const unheldIn = (account: Account): number =>
  [...account.owners].reduce((sum, owner) => sum + account.outstandingOf(owner) - account.atStakeOf(owner), 0)

function figuresIn(ledger: Ledger, scope: string, nowMs: number): Figures | undefined {
  const account = ledger.accounts.get(scope)
  if (!account) return undefined
  const { available, elsewhere, forfeited } = account.standing(nowMs, '', 0)
  const { spent, overdraft, limits } = account
  const unheld = unheldIn(account)
  return { spent, overdraft, limits, available, promised: elsewhere + forfeited.amount, unheld }
}

/** The memory of one process, which all its budget managers share. */
export class MemoryServer implements Server {
  readonly #clock: ProcessClock
  readonly #store: MemoryStore

  constructor(clock: ProcessClock, leaseMs: number) {
    this.#clock = clock
    this.#store = new MemoryStore(clock, leaseMs)
  }

  sync(owner: string, line: SyncLine): SyncReply {
    return this.#store.sync(owner, [line])[0] ?? { is: 'stale' }
  }
  bill(bill: Bill): BillReply {
    return this.#store.bill([bill])[0] ?? { is: 'unknown_scope' }
  }
  leave(owner: string): void {
    this.#store.leave(owner)
  }
  define(definition: ScopeDefinition): ScopeDefinition {
    return this.#store.define(definition)
  }
  remove(scope: string): void {
    this.#store.remove(scope)
  }
  setPause(scope: string, pause: PauseState): void {
    this.#store.setPause(scope, pause)
  }
  setKillSwitch(killSwitch: KillSwitch): void {
    this.#store.setKillSwitch(killSwitch)
  }
  control(): Control {
    return this.#store.control()
  }
  pending(): readonly PendingForfeit[] {
    return this.#store.ledger.pendingForfeits()
  }
  free(owner: string, underWay: readonly UnderWay[]): void {
    this.#store.ledger.free(owner, underWay)
  }
  figures(scope: string): Figures | undefined {
    return figuresIn(this.#store.ledger, scope, this.#clock.elapsedMs())
  }
}

/** A ledger of its own beyond a network. It may restart, and then has everything it ever answered. */
export class SharedServer implements Server {
  readonly #clock: ProcessClock
  readonly #leaseMs: number
  #ledger: Ledger

  constructor(clock: ProcessClock, leaseMs: number) {
    this.#clock = clock
    this.#leaseMs = leaseMs
    this.#ledger = new Ledger(clock, leaseMs)
  }

  /** @param change what a store that breaks a rule makes of its state */
  restart(change: (state: LedgerState) => LedgerState = (state) => state): void {
    const state = change(structuredClone(this.#ledger.state()))
    this.#ledger = Ledger.restored(this.#clock, this.#leaseMs, state)
  }

  sync(owner: string, line: SyncLine): SyncReply {
    return this.#ledger.sync(owner, line)
  }
  bill(bill: Bill): BillReply {
    return this.#ledger.bill(bill)
  }
  leave(owner: string): void {
    this.#ledger.leave(owner)
  }
  define(definition: ScopeDefinition): ScopeDefinition {
    return this.#ledger.define(definition)
  }
  remove(scope: string): void {
    this.#ledger.remove(scope)
  }
  setPause(scope: string, pause: PauseState): void {
    this.#ledger.setPause(scope, pause)
  }
  setKillSwitch(killSwitch: KillSwitch): void {
    this.#ledger.setKillSwitch(killSwitch)
  }
  control(): Control {
    return this.#ledger.control()
  }
  pending(): readonly PendingForfeit[] {
    return this.#ledger.pendingForfeits()
  }
  free(owner: string, underWay: readonly UnderWay[]): void {
    this.#ledger.free(owner, underWay)
  }
  figures(scope: string): Figures | undefined {
    return figuresIn(this.#ledger, scope, this.#clock.elapsedMs())
  }
}

export interface Row {
  readonly text: string
  readonly hash: string
}

/** Boots of the machine: its uptime, in hundredths of a second, is all that tells how long a process was away. */
export interface Boot {
  readonly id: string
  readonly beganMs: number
}

/** An uptime is read in hundredths of a second: a difference of two may be this much too long. */
const UPTIME_ERROR_MS = 20

/**
 * A journaled ledger inside the one process that uses it. What is applied is on the disk when {@link flush} was called; a
 * crash before that keeps as much of it as it likes, from the front.
 */
export class JournalServer implements Server {
  readonly #clock: ProcessClock
  readonly #rows: Row[]
  readonly #aheadMs: number
  readonly #journal: JournalLedger
  readonly #figures = new Map<string, Figures>()
  #number: number
  #flushed: number

  /** @param rows what is on the disk */
  constructor(clock: ProcessClock, boot: Boot, nowMs: number, rows: readonly Row[]) {
    const at = unwritten()
    for (const row of rows) {
      const wrong = replay(at, row)
      if (wrong !== undefined) throw new Error(`the journal does not replay: ${wrong}`)
    }
    this.#clock = clock
    this.#rows = [...rows]
    this.#journal = new JournalLedger(structuredClone(at.journal.state()))
    this.#number = at.number
    const uptimeMs = Math.floor((nowMs - boot.beganMs) / 10) * 10
    const { opened, elapsedMs: lastMs } = at.journal
    const timeIsKnown = opened?.opening.bootId === boot.id
    const lastUptimeMs = opened ? opened.opening.uptimeMs + (lastMs - opened.elapsedMs) : 0
    const passedMs = timeIsKnown ? Math.max(0, uptimeMs - lastUptimeMs - UPTIME_ERROR_MS) : 0
    const opening: Opening = { do: 'open', leaseMs: null, bootId: boot.id, uptimeMs, timeIsKnown }
    this.#aheadMs = lastMs + passedMs - clock.elapsedMs()
    this.#apply(opening)
    this.#flushed = this.#rows.length
  }

  /** Everything applied so far is on the disk. */
  flush(): void {
    this.#flushed = this.#rows.length
  }

  /** What the next start finds. */
  crash(random: Random): readonly Row[] {
    return this.#rows.slice(0, random.whole(this.#flushed, this.#rows.length))
  }

  sync(owner: string, line: SyncLine): SyncReply {
    const reply = this.#apply({ do: 'sync', owner, line })
    return reply.to === 'sync' ? reply.reply : { is: 'stale' }
  }
  bill(bill: Bill): BillReply {
    const reply = this.#apply({ do: 'bill', bill })
    return reply.to === 'bill' ? reply.reply : { is: 'unknown_scope' }
  }
  leave(owner: string): void {
    this.#apply({ do: 'leave', owner })
  }
  define(definition: ScopeDefinition): ScopeDefinition {
    const reply = this.#apply({ do: 'define', definition })
    return reply.to === 'define' ? reply.reply : definition
  }
  remove(scope: string): void {
    this.#apply({ do: 'remove', scope })
  }
  setPause(scope: string, pause: PauseState): void {
    this.#apply({ do: 'pause', scope, pause })
  }
  setKillSwitch(killSwitch: KillSwitch): void {
    this.#apply({ do: 'kill_switch', killSwitch })
  }
  control(): Control {
    return this.#journal.ledger.control()
  }
  pending(): readonly PendingForfeit[] {
    return this.#journal.ledger.pendingForfeits()
  }
  free(owner: string, underWay: readonly UnderWay[]): void {
    this.#apply({ do: 'free', owner, underWay })
  }
  /** As of the last command: a ledger that is looked at at another time cannot be replayed. */
  figures(scope: string): Figures | undefined {
    return this.#figures.get(scope)
  }

  #apply(command: JournalCommand): CommandReply {
    const elapsedMs = Math.max(this.#journal.elapsedMs, this.#aheadMs + this.#clock.elapsedMs())
    const atMs = Math.floor(this.#clock.nowMs())
    const { reply, effect } = this.#journal.apply(command, { elapsedMs, wallMs: atMs })
    this.#number += 1
    const { balance } = effect
    if (balance) {
      const { spent, overdraft, granted, forfeited, available = Number.POSITIVE_INFINITY } = balance
      const account = this.#journal.ledger.accounts.get(balance.scope)
      const limits = account?.limits ?? []
      const unheld = account ? unheldIn(account) : 0
      const promised = granted + forfeited
      this.#figures.set(balance.scope, { spent, overdraft, limits, available, promised, unheld })
    }
    const entry: JournalEntry = { number: this.#number, atMs, elapsedMs, command, effect }
    const text = textOf(entry)
    this.#rows.push({ text, hash: chainHash(this.#rows.at(-1)?.hash ?? CHAIN_START, text) })
    return reply
  }
}
