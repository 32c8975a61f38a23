import { strict as assert } from 'node:assert'
import type { Clock } from '../../clock.ts'
import type { LedgerState } from './account-state.ts'
import type { Balance, Effect, Forfeited, JournalCommand, Opening } from './journal-entry.ts'
import { Ledger } from './ledger.ts'
import type { BillReply, ScopeDefinition, SyncReply } from './store.ts'

/** The two times a command is applied at. */
export interface Moment {
  readonly elapsedMs: number
  readonly wallMs: number
}

/** What a command is answered with. */
export type Reply =
  | { readonly to: 'sync'; readonly reply: SyncReply }
  | { readonly to: 'bill'; readonly reply: BillReply }
  | { readonly to: 'define'; readonly reply: ScopeDefinition }
  | { readonly to: 'other' }

export interface Applied {
  readonly reply: Reply
  readonly effect: Effect
}

/** A journaled ledger as plain data. */
export interface JournalState extends Moment {
  readonly leaseMs: number
  readonly opened: Opened | undefined
  readonly ledger: LedgerState
}

/** The last opening, and the time of it on the store's clock. */
export interface Opened {
  readonly opening: Opening
  readonly elapsedMs: number
}

/**
 * A ledger that moves only by commands with their times. So two of them that are given the same commands are always the
 * same: the one that answers, the one beside the file, and the one that is replayed after a crash.
 */
export class JournalLedger {
  readonly #clock: CommandClock
  #leaseMs: number
  #opened: Opened | undefined
  #ledger: Ledger

  constructor(state?: JournalState) {
    this.#clock = new CommandClock(state ?? { elapsedMs: 0, wallMs: 0 })
    this.#leaseMs = state?.leaseMs ?? Number.POSITIVE_INFINITY
    this.#opened = state?.opened
    this.#ledger = state
      ? Ledger.restored(this.#clock, this.#leaseMs, state.ledger)
      : new Ledger(this.#clock, this.#leaseMs)
  }

  /** To be read only: whatever it looks up at another time than that of a command cannot be replayed. */
  get ledger(): Ledger {
    return this.#ledger
  }

  /** On the store's clock, as of the last command. */
  get elapsedMs(): number {
    return this.#clock.elapsedMs()
  }

  get opened(): Opened | undefined {
    return this.#opened
  }

  state(): JournalState {
    return {
      elapsedMs: this.#clock.elapsedMs(),
      wallMs: this.#clock.nowMs(),
      leaseMs: this.#leaseMs,
      opened: this.#opened,
      ledger: this.#ledger.state(),
    }
  }

  apply(command: JournalCommand, at: Moment): Applied {
    this.#clock.set(at)
    switch (command.do) {
      case 'sync': {
        const reply = this.#ledger.sync(command.owner, command.line)
        const granted = reply.is === 'granted' && reply.granted > 0 ? { granted: reply.granted } : {}
        const effect = {
          is: reply.is,
          ...granted,
          ...overdraftIn(reply),
          ...this.#balance(command.line.scope),
        }
        return { reply: { to: 'sync', reply }, effect }
      }
      case 'bill': {
        const reply = this.#ledger.bill(command.bill)
        const effect = { is: reply.is, ...overdraftIn(reply), ...this.#balance(command.bill.scope) }
        return { reply: { to: 'bill', reply }, effect }
      }
      case 'define': {
        const reply = this.#ledger.define(command.definition)
        return { reply: { to: 'define', reply }, effect: this.#balance(command.definition.scope) }
      }
      case 'remove':
        this.#ledger.remove(command.scope)
        return { reply: { to: 'other' }, effect: this.#balance(command.scope) }
      case 'leave':
        return other({ forfeits: this.#leave([command.owner]) })
      case 'free':
        return other({ freed: this.#ledger.free(command.owner, command.underWay) })
      case 'pause':
        this.#ledger.setPause(command.scope, command.pause)
        return other({})
      case 'kill_switch':
        this.#ledger.setKillSwitch(command.killSwitch)
        return other({})
      case 'open':
        return other({ forfeits: this.#open(command) })
    }
  }

  #open(opening: Opening): Forfeited[] {
    const { leaseMs, timeIsKnown } = opening
    this.#opened = { opening, elapsedMs: this.elapsedMs }
    const owners = new Set([...this.#ledger.accounts.values()].flatMap((account) => [...account.owners]))
    // A worker that outlives its service for a moment does not know yet that its grants have ended.
    const forfeits = this.#leave(owners, true)
    this.#leaseMs = leaseMs ?? Number.POSITIVE_INFINITY
    this.#ledger = Ledger.restored(this.#clock, this.#leaseMs, this.#ledger.state())
    if (!timeIsKnown) this.#ledger.trustWall()
    return forfeits
  }

  #leave(owners: Iterable<string>, mayLinger = false): Forfeited[] {
    const forfeits: Forfeited[] = []
    for (const owner of owners) {
      for (const account of this.#ledger.accounts.values()) {
        const amount = account.atStakeOf(owner)
        if (amount > 0) forfeits.push({ scope: account.name, owner, amount })
      }
      this.#ledger.leave(owner, mayLinger)
    }
    return forfeits
  }

  #balance(scope: string): { balance?: Balance } {
    const account = this.#ledger.accounts.get(scope)
    if (!account) return {}
    const { available, elsewhere, forfeited, spentEver, overdraftEver } = account.standing(
      this.elapsedMs,
      '',
      0,
    )
    const balance = {
      scope,
      spent: spentEver,
      overdraft: overdraftEver,
      granted: elsewhere,
      forfeited: forfeited.amount,
      ...(Number.isFinite(available) && { available }),
    }
    return { balance }
  }
}

const other = (effect: Effect): Applied => ({ reply: { to: 'other' }, effect })

const overdraftIn = (reply: SyncReply | BillReply): { overdraft?: number } =>
  'overdraft' in reply && reply.overdraft > 0 ? { overdraft: reply.overdraft } : {}

/** Stands still at the time of the present command. */
class CommandClock implements Clock {
  #elapsedMs: number
  #wallMs: number

  constructor({ elapsedMs, wallMs }: Moment) {
    this.#elapsedMs = elapsedMs
    this.#wallMs = wallMs
  }

  set({ elapsedMs, wallMs }: Moment): void {
    assert(elapsedMs >= this.#elapsedMs, 'the elapsed time goes back')
    this.#elapsedMs = elapsedMs
    this.#wallMs = wallMs
  }

  elapsedMs(): number {
    return this.#elapsedMs
  }

  nowMs(): number {
    return this.#wallMs
  }

  after(): never {
    throw new Error('a ledger waits for nothing')
  }
}
