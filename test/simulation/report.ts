import type { Game, Plan } from './plan.ts'
import { type Outcome, simulate } from './simulation.ts'

/** What many seeds came to together. */
export interface Tally {
  seeds: number
  steps: number
  readonly counts: Map<string, number>
}

const emptyTally = (): Tally => ({ seeds: 0, steps: 0, counts: new Map() })

function tally(into: Tally, { steps, counts }: Outcome): void {
  into.seeds += 1
  into.steps += steps
  for (const [what, times] of counts) into.counts.set(what, (into.counts.get(what) ?? 0) + times)
}

/** One line per kind of fault and event, the most frequent first. */
export function tallyText({ seeds, steps, counts }: Tally): string {
  const lines = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([what, times]) => `${String(times).padStart(9)}  ${what}`)
  return [`${seeds} seeds, ${steps} steps`, ...lines].join('\n')
}

/** The fewest steps of a failing seed that still fail; a violation in the end of a run may need fewer than it had. */
async function shortest(failed: Outcome): Promise<Outcome> {
  const game = gameOf(failed.plan)
  let least = failed
  let enough = 0
  while (enough < least.steps) {
    const steps = Math.floor((enough + least.steps) / 2)
    const shorter = await simulate({ seed: failed.seed, steps, ...game })
    if (shorter.violation) least = shorter
    else enough = steps + 1
  }
  return least
}

/** What is wrong, and the command that shows it again. */
export async function failureText(failed: Outcome): Promise<string> {
  const { seed, steps, violation, plan } = await shortest(failed)
  return [
    `Seed ${seed} breaks “${violation?.invariant}” at ${violation?.atMs} ms, with a ${plan.kind} store and ${plan.owners} owners:`,
    `  ${violation?.detail}`,
    `Replay it with: npm run simulate -- --seed ${seed} --steps ${steps}${flagsOf(plan)}`,
  ].join('\n')
}

const gameOf = ({ isHarsh, kind, minReplicas }: Plan): Game => ({
  isHarsh,
  isRedis: kind === 'redis',
  hasReplica: minReplicas > 0,
})

const flagsOf = ({ isHarsh, kind, minReplicas }: Plan): string =>
  `${isHarsh ? ' --harsh' : ''}${kind === 'redis' ? ' --redis' : ''}${minReplicas > 0 ? ' --replica' : ''}`

/**
 * The first of these seeds that fails, or what all of them came to.
 *
 * @param until no more are played once this is so
 */
export async function runSeeds(
  seeds: Iterable<number>,
  game: Game = {},
  until: () => boolean = () => false,
): Promise<Outcome | Tally> {
  const all = emptyTally()
  for (const seed of seeds) {
    const outcome = await simulate({ seed, ...game })
    if (outcome.violation) return outcome
    tally(all, outcome)
    if (until()) break
  }
  return all
}

export const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i)

/** Seeds without end, from one on. */
export function* seedsFrom(first: number): Generator<number> {
  for (let seed = first; ; seed = (seed + 1) % 4_294_967_296) yield seed
}
