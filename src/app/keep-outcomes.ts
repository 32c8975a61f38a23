import type { Logger } from '../log.ts'
import { type BudgetManager, type KeptOutcomes, readOutcomes, writeOutcomes } from '../shield/index.ts'
import type { Records, Recovered } from '../storage/index.ts'
import { type Clock, every } from '../time/clock.ts'
import type { WorkerOutcomes } from '../workers/index.ts'

const FACT = 'outcomes'
const factOf = (worker: number): string => `${FACT}:worker:${worker}`
/** How often to check whether statistics were discarded, in milliseconds: a restart must not bring them back. */
const LOOK_MS = 1_000
/** How often the statistics are saved otherwise, in milliseconds. */
const SAVE_MS = 60_000

/**
 * The statistics of how bids end that an earlier start has saved; nothing if they are missing, damaged or of another
 * version.
 */
export function recallOutcomes({ facts }: Pick<Recovered, 'facts'>, log: Logger): readonly KeptOutcomes[] {
  return outcomesOf(facts.find(({ id }) => id === FACT)?.text, log)
}

/** {@link recallOutcomes} for a text that is known already. */
export function outcomesOf(text: string | undefined, log: Logger): readonly KeptOutcomes[] {
  if (text === undefined) return []
  const outcomes = readOutcomes(text)
  if (!outcomes) log.warn({}, 'how bids end is learned anew: the saved statistics cannot be read')
  return outcomes ?? []
}

/** Saves a text for the next start. */
export type Keep = (text: string) => Promise<unknown>

/** Saves a text in the records; undefined if those end with the process. */
export const outcomesIn = (records: Pick<Records, 'append' | 'lasts'>, id = FACT): Keep | undefined =>
  records.lasts ? (text) => records.append([{ put: 'fact', id, text }]) : undefined

/**
 * The statistics of each worker, by its number: each worker learns from its own bids, and continues with what the last
 * worker of its number had learned.
 */
export function workerOutcomes(
  { facts }: Pick<Recovered, 'facts'>,
  records: Pick<Records, 'append' | 'lasts'>,
): WorkerOutcomes {
  const latest = new Map<number, string>()
  return {
    of: (worker) => latest.get(worker) ?? facts.find(({ id }) => id === factOf(worker))?.text,
    async keep(worker, text) {
      latest.set(worker, text)
      await outcomesIn(records, factOf(worker))?.(text)
    },
  }
}

/** Saves the statistics of how bids end for the next start, every minute and when it is closed. */
export function keepOutcomes(
  clock: Clock,
  budget: Pick<BudgetManager, 'outcomes' | 'distrusts'>,
  keep: Keep | undefined,
): { close(): Promise<void> } {
  if (!keep) return { close: async () => {} }
  let [savedMs, distrusts, kept] = [clock.elapsedMs(), 0, '']
  const save = async (): Promise<void> => {
    savedMs = clock.elapsedMs()
    distrusts = budget.distrusts
    const text = writeOutcomes(budget.outcomes, clock.nowMs())
    if (text === kept) return
    kept = text
    // While the disk is unavailable, the records keep the text and write it later.
    await keep(text).catch(() => undefined)
  }
  const stop = every(clock, LOOK_MS, () => {
    if (clock.elapsedMs() - savedMs >= SAVE_MS || budget.distrusts !== distrusts) void save()
  })
  return {
    async close() {
      stop()
      await save()
    },
  }
}
