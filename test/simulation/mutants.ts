import { LossTrust } from '../../src/agent/exchange/openrtb/index.ts'
import { Demand } from '../../src/shield/budget/client/demand.ts'
import { HoldBook } from '../../src/shield/budget/client/hold-book.ts'
import { Purse } from '../../src/shield/budget/client/purse.ts'
import { Account } from '../../src/shield/budget/ledger/account.ts'
import type { AccountState, LedgerState } from '../../src/shield/budget/ledger/account-state.ts'
import { Ledger } from '../../src/shield/budget/ledger/ledger.ts'
import { DayWindow, LifetimeWindow, SlidingWindow } from '../../src/shield/budget/ledger/windows/index.ts'
import type { RecordsPosition, SyncLine, SyncReply } from '../../src/shield/budget/protocol/store.ts'
import { BudgetManager } from '../../src/shield/index.ts'
import { SharedServer } from './server.ts'

/** Breaks a rule from outside; what it returns mends it again. */
export type Mutant = () => () => void

/** Puts something else in place of a method. */
export function replace<T extends object, K extends keyof T>(
  on: T,
  name: K,
  by: (original: T[K]) => T[K],
): () => void {
  const original = on[name]
  on[name] = by(original)
  return () => {
    on[name] = original
  }
}

/** The store hears other lines than were sent. */
const hears =
  (change: (line: SyncLine, owner: string) => SyncLine): Mutant =>
  () =>
    replace(
      Ledger.prototype,
      'sync',
      (sync) =>
        function (this: Ledger, owner, line) {
          return sync.call(this, owner, change(line, owner))
        },
    )

/** Processes hear other answers than were given. */
const answers =
  (change: (reply: SyncReply, line: SyncLine) => SyncReply): Mutant =>
  () =>
    replace(
      Ledger.prototype,
      'sync',
      (sync) =>
        function (this: Ledger, owner, line) {
          return change(sync.call(this, owner, line), line)
        },
    )

const accounts =
  (change: (account: AccountState) => AccountState) =>
  (state: LedgerState): LedgerState => ({ ...state, accounts: state.accounts.map(change) })

/** Before every line the store is changed by somebody who knows no rules. */
const meddled =
  (change: (account: AccountState) => AccountState): Mutant =>
  () =>
    replace(
      SharedServer.prototype,
      'sync',
      (sync) =>
        function (this: SharedServer, owner, line) {
          this.restart(accounts(change))
          return sync.call(this, owner, line)
        },
    )

/** A restart changes what the store has. */
const restarted =
  (change: (account: AccountState) => AccountState): Mutant =>
  () =>
    replace(
      SharedServer.prototype,
      'restart',
      (restart) =>
        function (this: SharedServer) {
          restart.call(this, accounts(change))
        },
    )

const emptied = (account: AccountState): AccountState => ({
  ...account,
  limits: account.limits.map(({ spec, window }) => ({
    spec,
    window:
      window.is === 'sliding'
        ? { is: 'sliding', newest: 0, slots: [] }
        : window.is === 'day'
          ? { ...window, sum: 0, carried: 0 }
          : { is: 'lifetime', sum: 0 },
  })),
})

/** Every line is new, whatever number it bears. */
const withoutSeq: Mutant = () => {
  const numbers = new Map<string, number>()
  return hears(({ totals: _, ...line }, owner) => {
    const key = `${owner} ${line.scope}`
    const seq = line.seq === 1 ? 1 : (numbers.get(key) ?? 0) + 1
    numbers.set(key, seq)
    return { ...line, seq }
  })()
}

/** An answer to a line that was answered already is taken as well. */
const lateAnswersTaken: Mutant = () =>
  replace(
    Purse.prototype,
    'answered',
    (answered) =>
      function (this: Purse, line, reply, nowMs, nextHold) {
        const isNews = answered.call(this, line, reply, nowMs, nextHold)
        if (!isNews && reply.is === 'granted') this.balance += reply.granted
        return isNews
      },
  )

/** The lease begins when the answer comes. */
const leaseFromTheAnswer: Mutant = () => {
  const sent = new WeakMap<SyncLine, number>()
  const mendLine = replace(
    Purse.prototype,
    'line',
    (make) =>
      function (this: Purse, nowMs, nextHold) {
        const line = make.call(this, nowMs, nextHold)
        if (!sent.has(line)) sent.set(line, nowMs)
        return line
      },
  )
  const mendAnswered = replace(
    Purse.prototype,
    'answered',
    (answered) =>
      function (this: Purse, line, reply, nowMs, nextHold) {
        if (reply.is !== 'granted') return answered.call(this, line, reply, nowMs, nextHold)
        const leaseForMs = reply.leaseForMs + (nowMs - (sent.get(line) ?? nowMs)) / 0.85
        return answered.call(this, line, { ...reply, leaseForMs }, nowMs, nextHold)
      },
  )
  return () => {
    mendLine()
    mendAnswered()
  }
}

/** The store hears of each mark with the line after it, when holds may have passed the one it knows. */
const markAfterTheHold: Mutant = () => {
  const marks = new Map<string, number>()
  return hears((line, owner) => {
    const key = `${owner} ${line.scope}`
    if (!line.atRisk) return line
    const unrecorded = marks.get(key) ?? 0
    marks.set(key, line.atRisk.unrecorded)
    return { ...line, atRisk: { ...line.atRisk, unrecorded } }
  })()
}

/** Records are read as if they were other ones. */
const pendingAs =
  (change: (records: RecordsPosition) => RecordsPosition): Mutant =>
  () =>
    replace(
      Ledger.prototype,
      'pendingForfeits',
      (pending) =>
        function (this: Ledger) {
          return pending.call(this).map((one) => ({ ...one, records: change(one.records) }))
        },
    )

/**
 * Every rule of the money core, each broken in its own way. The simulation must notice every one; the number is a seed
 * that did, played harshly, and is tried first.
 */
export const MUTANTS: Readonly<Record<string, readonly [seed: number, mutant: Mutant]>> = {
  'a repeated line is applied again': [4, withoutSeq],
  'a purse does not look at its lease': [
    4,
    () =>
      replace(
        Purse.prototype,
        'covers',
        () =>
          function (this: Purse, amount) {
            return amount <= this.balance
          },
      ),
  ],
  'a lease is counted from the answer': [49, leaseFromTheAnswer],
  'clocks are taken to run alike': [
    1316,
    answers((reply) => (reply.is === 'granted' ? { ...reply, leaseForMs: reply.leaseForMs / 0.85 } : reply)),
  ],
  'a lease lasts longer than the store says': [
    4,
    answers((reply) => (reply.is === 'granted' ? { ...reply, leaseForMs: reply.leaseForMs * 3 } : reply)),
  ],
  'forfeits are forgotten': [4, meddled((account) => ({ ...account, forfeits: [] }))],
  'forfeited money is free at the end of the lease': [178, hears((line) => ({ ...line, longestHoldMs: 0 }))],
  'forfeited money is free when the last hold is over': [
    17,
    meddled((account) => ({
      ...account,
      forfeits: account.forfeits.map((forfeit) => (forfeit.booked ? { ...forfeit, rest: 0 } : forfeit)),
      limits: account.forfeits.some(({ booked, rest }) => booked && rest > 0)
        ? emptied(account).limits
        : account.limits,
    })),
  ],
  'an owner that lost its lease is not told so': [
    3,
    answers((reply, line) =>
      reply.is === 'forfeited'
        ? {
            is: 'granted',
            granted: 0,
            leaseForMs: 10_000,
            bookedAtMs: reply.bookedAtMs,
            overdraft: 0,
            standing: {
              available: line.need,
              reliefInMs: 0,
              limits: [],
              elsewhere: 0,
              forfeited: { amount: 0, bookedInMs: undefined },
              spentEver: 0,
              overdraftEver: 0,
            },
          }
        : reply,
    ),
  ],
  'a late line of a forfeited owner admits it again': [
    188,
    meddled((account) => ({
      ...account,
      forfeits: account.forfeits.map(({ seq: _, ...forfeit }) => forfeit),
    })),
  ],
  'a late answer of before the forfeit is believed': [87, hears(({ totals: _, ...line }) => line)],
  'a slot is free before it has passed': [
    69,
    () =>
      replace(
        SlidingWindow.prototype,
        'sum',
        (sum) =>
          function (this: SlidingWindow, nowMs) {
            return sum.call(this, nowMs + 700)
          },
      ),
  ],
  'a lifetime limit forgets': [3, () => replace(LifetimeWindow.prototype, 'sum', () => () => 0)],
  'the wall clock ends days': [
    36,
    () =>
      replace(
        DayWindow.prototype,
        'sum',
        (sum) =>
          function (this: DayWindow, nowMs) {
            this.trustWall()
            return sum.call(this, nowMs)
          },
      ),
  ],
  'answers are taken twice': [5, lateAnswersTaken],
  'a call whose outcome is unknown is released': [
    12,
    () =>
      replace(
        BudgetManager.prototype,
        'open',
        (open) =>
          function (this: BudgetManager, scopes, amount, terms, id) {
            return open.call(this, scopes, amount, { ...terms, onExpiry: 'release' }, id)
          },
      ),
  ],
  'a store that lost everything counts from zero': [
    30,
    restarted((account) => ({
      ...emptied(account),
      leases: [],
      forfeits: [],
    })),
  ],
  'a restart forgets what was granted': [30, restarted((account) => ({ ...account, leases: [] }))],
  'a restart forgets forfeits': [72, restarted((account) => ({ ...account, forfeits: [] }))],
  'a restart forgets spend': [81, restarted(emptied)],
  'a restart forgets which bills were booked': [59, restarted((account) => ({ ...account, billed: [] }))],
  'new limits forget spend': [
    12,
    () =>
      replace(
        SharedServer.prototype,
        'define',
        (define) =>
          function (this: SharedServer, definition) {
            const defined = define.call(this, definition)
            this.restart(
              accounts((account) => (account.scope === definition.scope ? emptied(account) : account)),
            )
            return defined
          },
      ),
  ],
  'a scope that was removed and is put again has its spent money back': [
    57,
    () =>
      replace(
        SharedServer.prototype,
        'remove',
        (remove) =>
          function (this: SharedServer, scope) {
            remove.call(this, scope)
            this.restart(accounts((account) => (account.scope === scope ? emptied(account) : account)))
          },
      ),
  ],
  'a bill below the bid ends its hold': [
    12,
    () =>
      replace(
        BudgetManager.prototype,
        'settlePart',
        () =>
          function (this: BudgetManager, which, amount) {
            return this.settle(which, amount)
          },
      ),
  ],
  'bills of dead owners are not booked': [
    35,
    () =>
      replace(
        Ledger.prototype,
        'bill',
        (bill) =>
          function (this: Ledger, one) {
            return bill.call(this, { ...one, amount: 0 })
          },
      ),
  ],
  'a bill is booked twice': [
    8,
    () => {
      let number = 0
      return replace(
        Ledger.prototype,
        'bill',
        (bill) =>
          function (this: Ledger, one) {
            return bill.call(this, { ...one, id: `${one.id} ${++number}` })
          },
      )
    },
  ],
  'a bill that comes again at another price is booked': [
    29,
    () =>
      replace(
        Ledger.prototype,
        'bill',
        (bill) =>
          function (this: Ledger, one) {
            return bill.call(this, { ...one, id: `${one.id} at ${one.amount}` })
          },
      ),
  ],
  'a higher bill after a low one moves nothing': [
    29,
    () =>
      replace(
        Ledger.prototype,
        'bill',
        (bill) =>
          function (this: Ledger, { known: _, ...one }) {
            return bill.call(this, one)
          },
      ),
  ],
  'a restart forgets at what bills were booked': [
    113,
    restarted((account) => ({ ...account, billed: account.billed.map(([id, atMs]) => [id, atMs, 0]) })),
  ],
  'overdraft of bills is hidden': [
    413,
    () =>
      replace(
        Account.prototype,
        'bill',
        (bill) =>
          function (this: Account, one) {
            const before = this.overdraft
            const reply = bill.call(this, one)
            this.overdraft = before
            return reply
          },
      ),
  ],
  'everything late is called overdraft': [
    1,
    () =>
      replace(
        Account.prototype,
        'sync',
        (sync) =>
          function (this: Account, owner, line) {
            this.overdraft += line.spent
            return sync.call(this, owner, line)
          },
      ),
  ],
  'more is granted than there is': [
    3,
    () =>
      replace(
        Account.prototype,
        'available',
        (available) =>
          function (this: Account, nowMs) {
            return available.call(this, nowMs) + 50
          },
      ),
  ],
  'a process takes more than it was granted': [
    1,
    answers((reply) =>
      reply.is === 'granted' && reply.granted > 0 ? { ...reply, granted: reply.granted + 40 } : reply,
    ),
  ],
  'reported spend is dropped': [6, hears((line) => ({ ...line, spent: 0 }))],
  'reported spend is taken for money given back': [
    1,
    hears((line) => ({
      ...line,
      spent: 0,
      giveBack: line.giveBack + line.spent,
    })),
  ],
  'late bills are not told to the store': [4, hears((line) => ({ ...line, overdrawn: 0 }))],
  'money given back counts twice': [3, hears((line) => ({ ...line, giveBack: 2 * line.giveBack }))],
  'money given back is lost': [1, hears((line) => ({ ...line, giveBack: 0 }))],
  'a credit counts twice': [1, hears((line) => ({ ...line, credits: [...line.credits, ...line.credits] }))],
  'a hold takes nothing from the purse': [
    1,
    () =>
      replace(
        Purse.prototype,
        'take',
        () =>
          function (this: Purse, amount) {
            this.held += amount
          },
      ),
  ],
  'a release frees twice': [
    1,
    () =>
      replace(
        Purse.prototype,
        'release',
        (release) =>
          function (this: Purse, held) {
            release.call(this, held)
            this.balance += held
          },
      ),
  ],
  'a bill above its hold is cut': [
    1,
    () =>
      replace(
        Purse.prototype,
        'settle',
        (settle) =>
          function (this: Purse, held, spent, nowMs) {
            settle.call(this, held, Math.min(held, spent), nowMs)
          },
      ),
  ],
  'a late bill is dropped': [5, () => replace(Purse.prototype, 'spendUnheld', () => () => undefined)],
  'a purse keeps what it had when limits change': [
    18,
    () => replace(Purse.prototype, 'recall', () => () => undefined),
  ],
  'a purse never gives back': [
    2,
    () => {
      const fill = Object.getOwnPropertyDescriptor(Demand.prototype, 'fill') ?? {}
      // Whatever it has, it could use more.
      Object.defineProperty(Demand.prototype, 'fill', { ...fill, get: () => 1_000_000 })
      return () => Object.defineProperty(Demand.prototype, 'fill', fill)
    },
  ],
  'a purse that idles keeps what it has for half a minute': [
    63,
    () =>
      replace(
        Demand.prototype,
        'look',
        (look) =>
          function (this: Demand, nowMs) {
            look.call(this, nowMs / 10)
          },
      ),
  ],
  'every loss is believed': [
    49,
    () =>
      replace(
        LossTrust.prototype,
        'frees',
        (frees) =>
          function (this: LossTrust, amount, endsMs) {
            frees.call(this, amount, endsMs)
            return true
          },
      ),
  ],
  'no loss is believed': [1, () => replace(LossTrust.prototype, 'frees', () => () => false)],
  'expired holds are kept': [4, () => replace(BudgetManager.prototype, 'expire', () => () => undefined)],
  'the kill switch is not obeyed': [
    8,
    () => replace(BudgetManager.prototype, 'engageKillSwitch', () => () => undefined),
  ],
  'what was never held is freed although a bid was under way': [
    38,
    () =>
      replace(
        Ledger.prototype,
        'free',
        (free) =>
          function (this: Ledger, owner, underWay) {
            return free.call(
              this,
              owner,
              underWay.map(({ scope }) => ({ scope, amount: 0 })),
            )
          },
      ),
  ],
  'spend that the store has not heard of is taken for counted': [
    743,
    pendingAs((records) => ({ ...records, before: Number.POSITIVE_INFINITY })),
  ],
  'a call leaves before it is written down': [
    38,
    () =>
      replace(
        HoldBook.prototype,
        'begun',
        (begun) =>
          function (this: HoldBook, hold) {
            const entry = begun.call(this, hold)
            return entry.is === 'begun' ? { ...entry, hold: { ...entry.hold, amount: 0 } } : entry
          },
      ),
  ],
  'the mark of what is held without a record is raised after the hold': [83, markAfterTheHold],
  'what an owner spends without a record is not under way': [
    10,
    hears(({ atRisk, ...line }) => ({
      ...line,
      ...(atRisk && { atRisk: { ...atRisk, unrecorded: 0 } }),
    })),
  ],
  'a pause is not obeyed': [5, () => replace(BudgetManager.prototype, 'pause', () => () => undefined)],
}
