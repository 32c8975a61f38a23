import fc from 'fast-check'
import { micros } from '../../../money.ts'
import type { Command, Ledger } from '../ledger/ledger.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import type { BillReply, ScopeDefinition, SyncReply } from '../protocol/store.ts'

/** A command and the time that passes before it, on both clocks. */
export interface Step {
  readonly afterMs: number
  /** By how many ms the wall clock is stepped in addition. */
  readonly stepMs: number
  readonly command: Command
}

const SCOPES = ['campaign:x:1', 'platform:x', 'global'] as const

const amount = fc.integer({ min: 0, max: 2_000 })
const scope = fc.constantFrom(...SCOPES)
const owner = fc.constantFrom('o1', 'o2', 'o3')

const limit: fc.Arbitrary<LimitSpec> = fc.oneof(
  fc.record({
    kind: fc.constant('sliding' as const),
    windowMs: fc.constantFrom(600_000, 60_000, 3_600_000),
    max: amount.map((max) => micros(max * 10)),
  }),
  fc.record({
    kind: fc.constant('day' as const),
    timezone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata'),
    max: amount.map((max) => micros(max * 10)),
  }),
  fc.record({ kind: fc.constant('lifetime' as const), max: amount.map((max) => micros(max * 20)) }),
)

const definition = fc.record({
  scope,
  currency: fc.constant('USD'),
  limits: fc.array(limit, { maxLength: 3 }),
  by: fc.constantFrom('configuration' as const, 'operator' as const),
})

const unrecorded = fc.integer({ min: 0, max: 400 })
const atRisk = fc.oneof(
  fc.record({ unrecorded }),
  fc.record({ unrecorded, records: fc.constant({ id: 'records', before: 3, upTo: 2 }) }),
)

const plainLine = fc.record({
  scope,
  seq: fc.integer({ min: 1, max: 6 }),
  spent: amount,
  overdrawn: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, amount),
  credits: fc.array(fc.record({ amount: fc.integer({ min: 0, max: 50 }), bookedAtMs: fc.constant(0) }), {
    maxLength: 1,
  }),
  giveBack: amount,
  want: amount,
  need: amount,
  longestHoldMs: fc.constantFrom(0, 5_000, 300_000),
})
const line = fc.oneof(
  plainLine,
  fc.tuple(plainLine, atRisk).map(([of, bound]) => ({ ...of, atRisk: bound })),
)

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('sync' as const), owner, line }) },
  fc.record({ do: fc.constant('remove' as const), scope }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('bill' as const),
      bill: fc.record({ scope, owner, id: fc.constantFrom('b1', 'b2', 'b3'), amount }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), owner }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('free' as const),
      owner,
      underWay: fc.array(fc.record({ scope, amount }), { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('define' as const), definition }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('pause' as const),
      scope,
      pause: fc.constantFrom({ is: 'running' as const }, { is: 'paused' as const, reason: 'Überprüfung' }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('kill_switch' as const),
      killSwitch: fc.constantFrom(
        { is: 'released' as const },
        { is: 'engaged' as const, reason: 'stop', sinceMs: 7 },
      ),
    }),
  },
)

/** Anything that may be asked of a ledger, at any time; the numbers of lines repeat, skip and go back. */
export const steps = (maxLength: number, minLength = 0): fc.Arbitrary<Step[]> =>
  fc
    .array(
      fc.record({
        afterMs: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 50 * 3_600_000 })),
        stepMs: fc.oneof(
          { weight: 9, arbitrary: fc.constant(0) },
          fc.integer({ min: -7_200_000, max: 7_200_000 }),
        ),
        command,
      }),
      { minLength, maxLength, size: 'max' },
    )
    .map((rest) => [...SCOPES.map(defineFirst), ...rest])

const defineFirst = (name: string): Step => {
  const definition: ScopeDefinition = {
    scope: name,
    currency: 'USD',
    limits: [{ kind: 'sliding', windowMs: 600_000, max: micros(10_000) }],
    by: 'configuration',
  }
  return { afterMs: 0, stepMs: 0, command: { do: 'define', definition } }
}

/** What a ledger answers to a command. */
export function run(ledger: Ledger, command: Command): SyncReply | BillReply | ScopeDefinition | undefined {
  switch (command.do) {
    case 'sync':
      return ledger.sync(command.owner, command.line)
    case 'bill':
      return ledger.bill(command.bill)
    case 'leave':
      ledger.leave(command.owner)
      return undefined
    case 'free':
      ledger.free(command.owner, command.underWay)
      return undefined
    case 'define':
      return ledger.define(command.definition)
    case 'remove':
      ledger.remove(command.scope)
      return undefined
    case 'pause':
      ledger.setPause(command.scope, command.pause)
      return undefined
    case 'kill_switch':
      ledger.setKillSwitch(command.killSwitch)
      return undefined
  }
}
