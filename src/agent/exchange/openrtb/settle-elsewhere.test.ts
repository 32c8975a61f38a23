import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { seedOr } from '../../../../test/support/seed.ts'
import { micros } from '../../../money.ts'
import type { HandleMessage } from '../../../shield/budget/protocol/owner-messages.ts'
import { line } from '../../../shield/budget/stores/store-contract.test-support.ts'
import {
  BudgetManager,
  type BudgetStore,
  MemoryStore,
  type OwnerMessages,
  StoreUnavailable,
} from '../../../shield/index.ts'
import {
  createAuctionBudget,
  createBidIds,
  createNoticeTokens,
  LossTrust,
  type NoticeKind,
  type NoticeToken,
  SeenBids,
} from './index.ts'
import { type Notice, readMessage } from './notice-message.ts'
import { settleElsewhere } from './settle-elsewhere.ts'
import { settleNotice } from './settle-notice.ts'

const LEASE_MS = 10_000
const HOLD_MS = 20_000
const SCOPES = ['campaign:openrtb:c1', 'platform:openrtb', 'global']
const tokens = createNoticeTokens([{ id: 'k1', secret: 'a secret' }])

/** Processes on one store, with messages that are delivered on demand. */
function createFleet(limit = 1_000_000) {
  const clock = new FakeClock()
  const store = new MemoryStore(clock, LEASE_MS)
  const boxes = new Map<string, string[]>()
  /** What owners have noted, by bid. */
  const settled = new Map<string, number>()
  /** When each owner was last heard of; Infinity for the living. */
  const heard = new Map<string, number>()
  const overdrafts: number[] = []

  function start(name: string) {
    let dead = false
    let receive: HandleMessage | undefined
    const over = <T>(ask: () => T): T => {
      if (dead) throw new StoreUnavailable('dead')
      return ask()
    }
    const link: BudgetStore = {
      answersAtOnce: true,
      sync: (owner, lines) => over(() => store.sync(owner, lines)),
      bill: (bills) => over(() => store.bill(bills)),
      leave: (owner) => over(() => store.leave(owner)),
      define: (definition) => over(() => store.define(definition)),
      remove: (scope) => over(() => store.remove(scope)),
      setPause: (scope, pause) => over(() => store.setPause(scope, pause)),
      setKillSwitch: (state) => over(() => store.setKillSwitch(state)),
      control: () => store.control(),
      trust: () => store.trust(),
      watch: (onChange) => store.watch(onChange),
      close: () => store.close(),
    }
    const ownerMessages: OwnerMessages = {
      lives: async (owner) => (heard.get(owner) ?? Number.NEGATIVE_INFINITY) + LEASE_MS > clock.elapsedMs(),
      async send(owner, message) {
        boxes.set(owner, [...(boxes.get(owner) ?? []), message])
      },
      receive(_owner, handle) {
        receive = handle
        return () => undefined
      },
      noteSettled: (owner, seq, amount = Number.POSITIVE_INFINITY) => settled.set(`${owner} ${seq}`, amount),
      settledAt: async (owner, seq) => settled.get(`${owner} ${seq}`),
    }
    const budget = new BudgetManager({
      clock,
      store: link,
      owner: name,
      onOverdraft: (_scope, amount) => overdrafts.push(amount),
    })
    const scopes = SCOPES.map((scope) =>
      budget.define(scope, 'USD', [{ kind: 'lifetime', max: micros(limit) }]),
    )
    const auctionBudget = createAuctionBudget(budget, 'USD', 1_000_000)
    const ids = createBidIds(name)
    const trust = new LossTrust(clock, () => ({ lately: 0, ever: 0 }))
    const deps = {
      clock,
      auctionBudget,
      seen: new SeenBids(),
      trust: { of: () => trust, contradict: () => undefined },
      rates: new Map([['USD', 1]]),
      encryptedPricesOf: () => undefined,
      owner: name,
      scopesOf: () => scopes,
      ownerMessages,
      bill: budget.bill.bind(budget),
    }
    heard.set(name, Number.POSITIVE_INFINITY)
    const settleOwn = ({ kind, token, query }: Notice): string => {
      const { is } = settleNotice(deps, kind, token, query)
      const { owner, seq, held } = token
      if (is === 'settled' || is === 'settled_late' || is === 'raised')
        ownerMessages.noteSettled(owner, seq, deps.seen.billed(owner, seq, held))
      return is
    }
    ownerMessages.receive(name, async (message) => {
      const notice = readMessage(tokens, message)
      assert(notice, 'a message of nobody')
      if (notice.token.owner === name) settleOwn(notice)
      else await settleElsewhere(deps, notice, true)
    })
    return {
      name,
      budget,
      auctionBudget,
      isDead: () => dead,
      /** The token of a bid whose money is held; undefined where there was none. */
      bid(amount: number): NoticeToken | undefined {
        const seq = ids.next()
        const hold = { ttlMs: HOLD_MS, onExpiry: 'release' as const }
        if (auctionBudget.hold(seq, scopes, micros(amount), { id: 'acme', hold })) return undefined
        const price = amount * 1000
        const issuedMs = clock.nowMs()
        return {
          owner: name,
          seq,
          issuedMs,
          seat: 'acme',
          campaign: 'c1',
          held: micros(amount),
          price,
          currency: 'USD',
          billOn: 'billing',
        }
      },
      async notify(kind: NoticeKind, token: NoticeToken, price: number): Promise<string> {
        const query = { price: String(price / 1000), currency: undefined, loss: undefined }
        const notice: Notice = { kind, text: tokens.sign(token)[kind], token, query }
        if (token.owner === name) return settleOwn(notice)
        return (await settleElsewhere(deps, notice)).settlement.is
      },
      /** Handles this owner's messages, and those of owners that are not in the registry. */
      async deliver(): Promise<void> {
        for (const [owner, messages] of boxes) {
          if (owner !== name && (await ownerMessages.lives(owner))) continue
          while (messages[0] !== undefined) {
            try {
              await receive?.(messages[0], owner !== name)
            } catch (error) {
              assert(error instanceof StoreUnavailable)
              break
            }
            messages.shift()
          }
        }
      },
      /** Loses its store, or has it back. */
      cut(off: boolean): void {
        dead = off
      },
      die(): void {
        dead = true
        heard.set(name, clock.elapsedMs())
      },
    }
  }

  let looks = 0
  const accounts = () => {
    // Brings them to the present.
    looks += 1
    store.sync(
      'observer',
      SCOPES.map((scope) => line(looks, { scope })),
    )
    return store.ledger.state().accounts.filter(({ scope }) => SCOPES.includes(scope))
  }
  return { clock, start, accounts, overdrafts, messages: () => [...boxes.values()].flat().length }
}

describe('a notice of another owner', () => {
  it('is passed to its living owner, which ends the hold', async () => {
    const { start } = createFleet()
    const [a, b] = [start('a'), start('b')]
    const token = a.bid(500)
    if (!token) throw new Error('no bid')
    expect(await b.notify('billing', token, 300)).toBe('elsewhere')
    await a.deliver()
    const money = () => [...a.budget.scopes].map(({ held, spent }) => [held, spent])
    expect(money()).toEqual(SCOPES.map(() => [200, 300]))
    expect(await b.notify('loss', token, 0)).toBe('elsewhere')
    await a.deliver()
    expect(money()).toEqual(SCOPES.map(() => [200, 300]))
    expect(await b.notify('billing', token, 500)).toBe('elsewhere')
    await a.deliver()
    expect(money()).toEqual(SCOPES.map(() => [0, 500]))
  })

  it('is booked once against what its dead owner forfeited, whichever process receives it', async () => {
    const { clock, start, accounts } = createFleet()
    const [a, b, c] = [start('a'), start('b'), start('c')]
    const token = a.bid(500)
    if (!token) throw new Error('no bid')
    a.die()
    clock.advance(LEASE_MS + 1)
    expect(await b.notify('billing', token, 300)).toBe('settled_late')
    expect(await b.notify('billing', token, 300)).toBe('duplicate')
    expect(await c.notify('billing', token, 300)).toBe('duplicate')
    for (const { spent, forfeits } of accounts()) {
      expect(spent).toBe(300)
      expect(forfeits[0]?.rest).toBeLessThan(500 * 5)
    }
  })

  it('is not booked again when the owner had settled it before it was gone', async () => {
    const { clock, start, accounts } = createFleet()
    const [a, b] = [start('a'), start('b')]
    const token = a.bid(500)
    if (!token) throw new Error('no bid')
    expect(await a.notify('billing', token, 300)).toBe('settled')
    clock.advance(1_000)
    a.die()
    clock.advance(LEASE_MS + 1)
    expect(await b.notify('billing', token, 300)).toBe('duplicate')
    expect(accounts().map(({ spent }) => spent)).toEqual([300, 300, 300])
  })

  it('is booked up to the bid when an early bill was lower, whichever process had booked that', async () => {
    const { clock, start, accounts } = createFleet()
    const [a, b, c] = [start('a'), start('b'), start('c')]
    const [first, second] = [a.bid(500), a.bid(500)]
    if (!first || !second) throw new Error('no bid')
    expect(await a.notify('billing', first, 1)).toBe('settled')
    expect(await a.notify('billing', first, 100)).toBe('raised')
    clock.advance(1_000)
    a.die()
    clock.advance(LEASE_MS + 1)
    // The owner had booked 100 for the first bid. The second was never booked.
    expect(await b.notify('billing', first, 100)).toBe('duplicate')
    expect(await b.notify('billing', first, 40)).toBe('duplicate_other_price')
    expect(await b.notify('billing', first, 300)).toBe('raised')
    expect(await c.notify('billing', first, 400)).toBe('raised')
    expect(await b.notify('billing', first, 400)).toBe('duplicate')
    expect(await c.notify('billing', second, 1)).toBe('settled_late')
    expect(await b.notify('billing', second, 500)).toBe('raised')
    expect(await c.notify('billing', second, 9_000)).toBe('duplicate')
    expect(accounts().map(({ spent }) => spent)).toEqual([900, 900, 900])
  })

  it('that waits for an owner which died is booked by another process, as overdraft where no room is left', async () => {
    const { clock, start, accounts, messages, overdrafts } = createFleet(1_000)
    const [a, b] = [start('a'), start('b')]
    const token = a.bid(1_000)
    if (!token) throw new Error('no bid')
    clock.advance(HOLD_MS)
    a.budget.expire()
    clock.advance(2_000)
    const second = b.bid(1_000)
    if (!second) throw new Error('no bid')
    expect(await b.notify('billing', token, 700)).toBe('elsewhere')
    a.die()
    await b.deliver()
    expect(messages()).toBe(1)
    clock.advance(LEASE_MS + 1)
    await b.deliver()
    expect(messages()).toBe(0)
    expect(accounts().map(({ spent }) => spent)).toEqual([700, 700, 700])
    expect(overdrafts).toEqual([700, 700, 700])
  })

  it('is rejected while the store cannot be reached, and booked when it comes again', async () => {
    const { clock, start, accounts } = createFleet()
    const [a, b] = [start('a'), start('b')]
    const token = a.bid(500)
    if (!token) throw new Error('no bid')
    a.die()
    clock.advance(LEASE_MS + 1)
    b.cut(true)
    await expect(b.notify('billing', token, 300)).rejects.toThrow(StoreUnavailable)
    b.cut(false)
    expect(await b.notify('billing', token, 300)).toBe('settled_late')
    expect(accounts().map(({ spent }) => spent)).toEqual([300, 300, 300])
  })
})

const which = fc.nat(20)
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        is: fc.constant('bid' as const),
        at: which,
        amount: fc.integer({ min: 1, max: 900 }),
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        is: fc.constant('notice' as const),
        kind: fc.constantFrom<NoticeKind>('billing', 'billing', 'win', 'loss'),
        at: which,
        bid: which,
      }),
    },
    { weight: 4, arbitrary: fc.record({ is: fc.constant('deliver' as const), at: which }) },
    {
      weight: 1,
      arbitrary: fc.record({ is: fc.constant('die' as const), at: which, abruptly: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('start' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({ is: fc.constant('pass' as const), ms: fc.oneof(fc.nat(300), fc.nat(15_000)) }),
    },
  ),
  { minLength: 1, maxLength: 80, size: 'max' },
)

describe('any order and number of notices to any of several processes that die at any time', () => {
  it('counts each bill once in every scope', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { clock, start, accounts, messages } = createFleet(50_000)
        let started = 0
        const next = () => start(`p${started++}`)
        const processes = [next(), next(), next()]
        const living = () => processes.filter(({ isDead }) => !isDead())
        const bids: { token: NoticeToken; cost: number }[] = []
        /** Bids that an exchange has billed with success. */
        const billed = new Map<NoticeToken, number>()
        /** Some process died before it could say what it had settled: that is counted in what it forfeited. */
        let isAbrupt = false
        const notify = async (at: number, kind: NoticeKind, { token, cost }: (typeof bids)[number]) => {
          const process = living()[at % living().length]
          if (!process) return
          try {
            await process.notify(kind, token, cost)
            if (kind === 'billing') billed.set(token, cost)
          } catch (error) {
            assert(error instanceof StoreUnavailable)
          }
        }
        for (const step of all) {
          switch (step.is) {
            case 'bid': {
              const token = living()[step.at % living().length]?.bid(step.amount)
              if (token) bids.push({ token, cost: Math.ceil(step.amount * 0.7) })
              break
            }
            case 'notice': {
              const bid = bids[step.bid % bids.length]
              if (bid) await notify(step.at, step.kind, bid)
              break
            }
            case 'deliver':
              await living()[step.at % living().length]?.deliver()
              break
            case 'die': {
              const victim = living()[step.at % living().length]
              if (living().length === 1 || !victim) break
              if (step.abruptly) isAbrupt = true
              else clock.advance(251)
              victim.die()
              break
            }
            case 'start':
              if (processes.length < 8) processes.push(next())
              break
            case 'pass':
              for (const { budget } of living()) budget.expire()
              clock.advance(step.ms)
              break
          }
        }
        // Whatever is under way ends, and everything that was billed is billed again.
        for (let round = 0; round < 3; round++) {
          clock.advance(LEASE_MS + HOLD_MS)
          for (const process of living()) await process.deliver()
          if (round === 2) break
          for (const [i, bid] of bids.entries())
            if (billed.has(bid.token)) await notify(i + round, 'billing', bid)
        }
        clock.advance(1_000)
        assert.equal(messages(), 0, 'a message was left')
        const distinct = [...billed.values()].reduce((sum, cost) => sum + cost, 0)
        for (const { scope, spent, forfeits } of accounts()) {
          const unbilled = (booked: boolean) =>
            forfeits.filter((one) => one.booked === booked).reduce((sum, { rest }) => sum + rest, 0)
          const counted = spent - unbilled(true)
          if (isAbrupt) {
            assert(counted <= distinct, `${scope}: ${counted} counted of ${distinct} billed`)
            assert(spent + unbilled(false) >= distinct, `${scope}: ${spent} is less than ${distinct} billed`)
          } else assert.equal(counted, distinct, `${scope}: ${counted} counted of ${distinct} billed`)
        }
      }),
      { numRuns: 300, seed: seedOr(20261121) },
    )
  })
})
