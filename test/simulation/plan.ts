import { micros } from '../../src/money.ts'
import { boundedTo, type HoldMode, type LimitSpec } from '../../src/shield/index.ts'
import { Random } from './random.ts'

/**
 * Where the truth lives: `memory` within the call, `journal` with the one process that uses it and on its disk, `shared`
 * behind a network that loses and delays; `redis` the same with the scripts and the client code that Redis is used with.
 */
export type StoreKind = 'memory' | 'journal' | 'shared' | 'redis'

/** How bad each kind of fault is; 0 where a seed goes without. */
export interface Faults {
  /** Share of requests, and of answers, that never arrive. */
  readonly loss: number
  readonly doubled: number
  /** Share of requests and answers that take much longer than the others. */
  readonly late: number
  /** Weights among the steps. */
  readonly death: number
  readonly cutOff: number
  readonly stall: number
  readonly wallStep: number
  readonly storeRestart: number
  /** What a restart of the store loses: `last` the last few commands, as a failover does. */
  readonly forgets: 'nothing' | 'last' | 'everything'
  /** How far clocks run apart: 0.05 for a twentieth in either direction. */
  readonly drift: number
}

/** Everything about a run that is decided before it begins. */
export interface Plan {
  readonly kind: StoreKind
  readonly owners: number
  readonly leaseMs: number
  readonly faults: Faults
  readonly steps: number
  /** Between two steps, on average. */
  readonly paceMs: number
  /** Share of bids that go to one owner, the longest alive. */
  readonly favoured: number
  /** Shared by all owners; the first is in most bids. */
  readonly scopes: readonly PlannedScope[]
  /**
   * Of all scopes. A bounded one is given so small a probability that it never knows enough to hold less than full prices:
   * whatever happens, it must then keep what a strict one keeps.
   */
  readonly holdMode: HoldMode
  /** Times to live of holds. */
  readonly ttlsMs: readonly number[]
  readonly prices: { readonly min: number; readonly max: number }
  /** Share of bills that come later than their hold lasts, or cost more. */
  readonly lateBills: number
  readonly dearBills: number
  readonly isHarsh: boolean
  readonly startWallMs: number
  /** Whether the store forfeits no more than may have been under way; Redis forfeits whole purses. */
  readonly boundsForfeits: boolean
  /** Replicas of Redis that must have an answer before it is used; 0 where answers are used at once. */
  readonly minReplicas: number
  /** Whether calls are written down before they leave, so that a start knows which were under way. */
  readonly keepsRecords: boolean
}

export interface PlannedScope {
  readonly name: string
  readonly limits: readonly LimitSpec[]
}

const TIMEZONES = ['UTC', 'America/New_York', 'Asia/Kolkata'] as const
/** Half a minute before midnight in New York, so that days end in the middle of a run; and just before in UTC. */
const STARTS = [
  Date.UTC(2026, 10, 21, 4, 59, 30),
  Date.UTC(2026, 10, 20, 23, 59, 40),
  Date.UTC(2026, 10, 20, 12),
]
const NONE: Faults = {
  loss: 0,
  doubled: 0,
  late: 0,
  death: 0,
  cutOff: 0,
  stall: 0,
  wallStep: 0,
  storeRestart: 0,
  forgets: 'nothing',
  drift: 0,
}

/** What whoever plays a seed decides beside it. */
export interface Game {
  /** More late bills, and cut-off owners that bid to the last moment: finds broken rules sooner. */
  readonly isHarsh?: boolean
  /** On Redis, which a seed does not choose by itself since it takes so much longer. */
  readonly isRedis?: boolean
  /** Redis has a replica that must confirm each answer before it is used (`minReplicas`). */
  readonly hasReplica?: boolean
}

export function planOf(seed: number, { isHarsh = false, isRedis = false, hasReplica = false }: Game): Plan {
  const random = new Random(seed)
  const drawn = random.weighted<StoreKind>({ shared: 7, memory: 1, journal: 2, redis: 0 })
  const kind = isRedis ? 'redis' : drawn
  const isCalm = random.chance(0.12)
  const max = random.pick([400, 1_000, 3_000])
  return {
    kind,
    owners: kind === 'journal' ? 1 : random.whole(1, 8),
    leaseMs: kind === 'journal' ? Number.POSITIVE_INFINITY : random.pick([1_000, 3_000, 8_000]),
    faults: isCalm ? NONE : faultsOf(random, kind, isHarsh),
    steps: random.whole(80, 240),
    paceMs: random.pick([60, 250, 700]),
    favoured: random.pick([0, 0.4, 0.8]),
    scopes: scopesOf(random, max),
    // By a generator of its own, so that seeds are played as they always were.
    holdMode: boundedTo(new Random(seed + 7_919).chance(0.4) ? 1e-300 : 0),
    ttlsMs: random.pick([[300], [1_500, 400], [5_000], [12_000, 800]]),
    prices: random.pick([
      { min: 1, max: 9 },
      { min: 5, max: 60 },
      { min: 20, max: 350 },
    ]),
    lateBills: random.pick(isHarsh ? [0, 0.05, 0.2, 0.5] : [0, 0, 0.05, 0.2]),
    dearBills: random.pick([0, 0, 0.1]),
    isHarsh,
    startWallMs: random.pick(STARTS),
    boundsForfeits: kind !== 'redis' && random.chance(0.8),
    keepsRecords: random.chance(0.7),
    minReplicas: hasReplica ? 1 : 0,
  }
}

function faultsOf(random: Random, kind: StoreKind, isHarsh: boolean): Faults {
  const some = (value: number) => (random.chance(0.5) ? value : 0)
  const isRedis = kind === 'redis'
  const isShared = kind === 'shared' || isRedis
  return {
    // Redis is asked several times before a process can begin.
    loss: isShared ? some(random.pick([0.02, 0.15, isRedis ? 0.05 : 0.4])) : 0,
    doubled: isShared ? some(random.pick([0.05, 0.3])) : 0,
    late: isShared ? some(random.pick([0.05, 0.3])) : 0,
    death: some(1.5),
    cutOff: kind === 'journal' ? 0 : some(1.5),
    stall: some(0.8),
    wallStep: some(0.8),
    storeRestart: kind === 'memory' ? 0 : isRedis && isHarsh ? 1.5 : some(0.8),
    drift: some(0.05),
    forgets: isRedis
      ? random.pick(isHarsh ? ['last', 'everything'] : ['nothing', 'last', 'last', 'everything'])
      : 'nothing',
  }
}

function scopesOf(random: Random, max: number): PlannedScope[] {
  const count = random.whole(1, 3)
  const scopes: PlannedScope[] = [{ name: 'global', limits: limitsOf(random, max) }]
  for (let i = 1; i < count; i++) {
    const limits = random.chance(0.15) ? [] : limitsOf(random, Math.ceil(max / random.whole(1, 4)))
    scopes.push({ name: `campaign:x:${i}`, limits })
  }
  return scopes
}

/** One to three limits, over different windows. */
export function limitsOf(random: Random, max: number): LimitSpec[] {
  const specs: LimitSpec[] = []
  if (random.chance(0.8))
    specs.push({ kind: 'sliding', windowMs: random.pick([2_000, 5_000, 20_000]), max: micros(max) })
  if (random.chance(0.25)) {
    specs.push({ kind: 'day', timezone: random.pick(TIMEZONES), max: micros(max * random.whole(1, 4)) })
  }
  if (random.chance(0.25) || specs.length === 0) {
    specs.push({ kind: 'lifetime', max: micros(max * random.whole(1, 8)) })
  }
  return specs
}
