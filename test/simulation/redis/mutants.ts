import { strict as assert } from 'node:assert'
import { RedisAccounts } from '../../../src/shield/budget/stores/redis/redis-accounts.ts'
import { type Mutant, replace } from '../mutants.ts'
import type { Game } from '../plan.ts'
import { RedisServer } from './server.ts'

/** Redis runs another script than it was sent, where the text is in it; ends with an error if it was in none. */
const runs =
  (text: string, instead: string): Mutant =>
  () => {
    let isBroken = false
    const mend = replace(RedisServer, 'compile', (compile) => (script) => {
      const broken = script.replace(text, () => instead)
      isBroken ||= broken !== script
      return compile.call(RedisServer, broken)
    })
    return () => {
      mend()
      assert(isBroken, `no script has “${text}”`)
    }
  }

/** Where owners die with what Redis has lost, or where they live to tell it: some rules matter only then. */
const HARSH = { isRedis: true, isHarsh: true } as const
const MILD = { isRedis: true } as const
/** Where nothing is lost that was used, since a replica has it. */
const REPLICATED = { isRedis: true, isHarsh: true, hasReplica: true } as const

/** The rules of the script that keeps accounts in Redis, each broken; like `MUTANTS`. */
export const REDIS_MUTANTS: Readonly<Record<string, readonly [seed: number, game: Game, mutant: Mutant]>> = {
  'a repeated line is applied again in Redis': [
    5,
    HARSH,
    runs('if lease and line.seq == lease.seq then', 'if false then'),
  ],
  'a scope that Redis has lost counts from zero': [
    17,
    HARSH,
    runs('if req.fence then fence(req.fence) end', ''),
  ],
  'a Redis that failed over goes on granting': [
    37,
    HARSH,
    runs("fence('Redis was restarted or failed over')", "redis.call('HSET', K_ACCOUNT, 'replid', replid)"),
  ],
  'a fence is lifted before all have told': [17, HARSH, runs('if ready then lift() end', 'lift()')],
  'who was there when Redis lost its last writes is not waited for': [
    140,
    HARSH,
    runs('heardMs(entry) + req.leaseMs < lastMs and not owes(entry)', 'true'),
  ],
  'an answer is used before a replica has it': [
    178,
    REPLICATED,
    () => replace(RedisAccounts.prototype, 'confirm', () => () => Promise.resolve()),
  ],
  'leases in Redis never end': [35, HARSH, runs('if lease.ends <= nowMs then', 'if false then')],
  'forfeited money never becomes spend in Redis': [1, MILD, runs('book(d.one.at, d.one.rest)', '')],
  'forfeits are forgotten in Redis': [
    1,
    MILD,
    runs('forfeitRest(owner, lease.out, atMs + lease.hold, lease)', ''),
  ],
  'what a lost lease came to is forfeited twice': [
    143,
    MILD,
    runs('lease[name] = math.max(lease[name], total)', ''),
  ],
  'a slot in Redis is free before it has passed': [
    4,
    MILD,
    runs('math.min(slot - SLOTS - 1, newest)', 'math.min(slot - SLOTS / 10, newest)'),
  ],
  'a bill is booked twice in Redis': [
    5,
    MILD,
    runs("local earlier = redis.call('ZSCORE', K_BILLED, b.id)", 'local earlier = false'),
  ],
  'what operators change in Redis is not noted': [
    24,
    MILD,
    runs("redis.call('ZADD', K_CHANGES, version, name)", ''),
  ],
  'Redis is believed whatever its clock says': [
    23,
    MILD,
    runs('if not clocksAgree then\n  return answer({ is', 'if false then\n  return answer({ is'),
  ],
}
