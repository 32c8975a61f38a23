import { parseArgs } from 'node:util'
import { failureText, range, runSeeds, seedsFrom, tallyText } from './report.ts'
import { simulate } from './simulation.ts'

const USAGE = `npm run simulate -- --seed S [--steps N]   replays one seed and tells its story
npm run simulate -- --seeds N              plays the seeds 1 to N
npm run simulate -- --for 10m              plays fresh seeds for so long (s, m, h)
  each with --harsh, as the mutants are played, and with --redis, over the scripts that run in Redis;
  that with --replica: a replica confirms each answer before it is used (minReplicas)
`
const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 } as const

const say = (text: string) => process.stdout.write(`${text}\n`)

function millisecondsOf(text: string): number {
  const match = /^(\d+)([smh])$/.exec(text)
  if (!match) throw new Error(`${text} is no time such as 10m`)
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
}

async function replay(seed: number, steps: number | undefined): Promise<boolean> {
  const { plan, violation, ...rest } = await simulate({
    seed,
    trace: say,
    ...game,
    ...(steps !== undefined && { steps }),
  })
  say(`\n${JSON.stringify(plan, undefined, 2)}\n${rest.steps} steps`)
  if (violation) say(`\nBroken at ${violation.atMs} ms: ${violation.invariant}\n  ${violation.detail}`)
  return !violation
}

async function play(seeds: Iterable<number>, until?: () => boolean): Promise<boolean> {
  const result = await runSeeds(seeds, game, until)
  say('violation' in result ? await failureText(result) : tallyText(result))
  return !('violation' in result)
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string' },
    seeds: { type: 'string' },
    for: { type: 'string' },
    harsh: { type: 'boolean', default: false },
    redis: { type: 'boolean', default: false },
    replica: { type: 'boolean', default: false },
  },
})
const game = { isHarsh: values.harsh, isRedis: values.redis, hasReplica: values.replica }

async function main(): Promise<boolean> {
  if (values.seed !== undefined) {
    return replay(Number(values.seed), values.steps === undefined ? undefined : Number(values.steps))
  }
  if (values.seeds !== undefined) return play(range(1, Number(values.seeds)))
  if (values.for !== undefined) {
    const endMs = performance.now() + millisecondsOf(values.for)
    return play(seedsFrom(Math.floor(Math.random() * 4_294_967_296)), () => performance.now() > endMs)
  }
  say(USAGE)
  return false
}

process.exitCode = (await main()) ? 0 : 1
