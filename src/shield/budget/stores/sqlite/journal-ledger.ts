import { strict as assert } from 'node:assert'
import type { Clock } from '../../../../time/clock.ts'
import type { LedgerState } from '../../ledger/account-state.ts'
import { Ledger } from '../../ledger/ledger.ts'
import type { BillReply, ScopeDefinition, SyncReply } from '../../protocol/store.ts'
import type { Balance, Effect, ForfeitedGrants, JournalCommand, Opening } from './journal-entry.ts'

/** The time at which a command is applied, on the wall clock and on the store's clock. */
export interface Moment {
  readonly elapsedMs: number
  readonly wallMs: number
}

/** The answer to a command. */
export type CommandReply =
  | { readonly to: 'sync'; readonly reply: SyncReply }
  | { readonly to: 'bill'; readonly reply: BillReply }
  | { readonly to: 'define'; readonly reply: ScopeDefinition }
  | { readonly to: 'other' }

export interface Applied {
  readonly reply: CommandReply
  readonly effect: Effect
}

/** A journaled ledger as plain data. */
export interface JournalState extends Moment {
  readonly leaseMs: number
  readonly opened: LastOpening | undefined
  readonly ledger: LedgerState
}

/** The last opening and its time on the store's clock. */
export interface LastOpening {
  readonly opening: Opening
  readonly elapsedMs: number
}

/**
 * A ledger that changes only by commands that carry their times. Given the same commands, all copies are the same: the
 * one that answers, the one of the thread that writes the file, and the one replayed after a crash.
 */
export class JournalLedger {
  readonly #clock: CommandClock
  #leaseMs: number
  #opened: LastOpening | undefined
  readonly #ledger: Ledger

  constructor(state?: JournalState) {
    this.#clock = new CommandClock(state ?? { elapsedMs: 0, wallMs: 0 })
    this.#leaseMs = state?.leaseMs ?? Number.POSITIVE_INFINITY
    this.#opened = state?.opened
    this.#ledger = state
      ? Ledger.restored(this.#clock, this.#leaseMs, state.ledger)
      : new Ledger(this.#clock, this.#leaseMs)
  }

  /** The ledger, for reading only: a change outside a command could not be replayed. */
  get ledger(): Ledger {
    return this.#ledger
  }

  /** The time of the last command on the store's clock. */
  get elapsedMs(): number {
    return this.#clock.elapsedMs()
  }

  get opened(): LastOpening | undefined {
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

  #open(opening: Opening): ForfeitedGrants[] {
    const { leaseMs, timeIsKnown } = opening
    this.#opened = { opening, elapsedMs: this.elapsedMs }
    const owners = new Set([...this.#ledger.accounts.values()].flatMap((account) => [...account.owners]))
    // A worker can outlive its primary for a moment and still use its grants, so their leases run to the end.
    const forfeits = this.#leave(owners, true)
    this.#leaseMs = leaseMs ?? Number.POSITIVE_INFINITY
    this.#ledger.reopen(this.#leaseMs)
    if (!timeIsKnown) this.#ledger.trustWall()
    return forfeits
  }

  #leave(owners: Iterable<string>, mayLinger = false): ForfeitedGrants[] {
    const forfeits: ForfeitedGrants[] = []
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

/** A clock that shows the time of the present command. */
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
