import type { Logger } from '../log.ts'
import { type BudgetManager, type KeptOutcomes, readOutcomes, writeOutcomes } from '../shield/index.ts'
import type { Records, Recovered } from '../storage/index.ts'
import { type Clock, every } from '../time/clock.ts'

const FACT = 'outcomes'
/** How often to look whether statistics were discarded, in milliseconds: a restart must not bring them back. */
const LOOK_MS = 1_000
/** How often the statistics are saved otherwise, in milliseconds. */
const SAVE_MS = 60_000

/** What an earlier start knew of how bids end; nothing where the row is missing, damaged or of another version. */
export function recallOutcomes({ facts }: Pick<Recovered, 'facts'>, log: Logger): readonly KeptOutcomes[] {
  const fact = facts.find(({ id }) => id === FACT)
  if (!fact) return []
  const outcomes = readOutcomes(fact.text)
  if (!outcomes) log.warn({}, 'how bids end is learned anew: what was kept of it cannot be read')
  return outcomes ?? []
}

/** Keeps what is known of how bids end for the next start, each minute and when it is closed. */
export function keepOutcomes(
  clock: Clock,
  budget: Pick<BudgetManager, 'outcomes' | 'distrusts'>,
  records: Pick<Records, 'append' | 'lasts'>,
): { close(): Promise<void> } {
  if (!records.lasts) return { close: async () => {} }
  let [savedMs, distrusts, kept] = [clock.elapsedMs(), 0, '']
  const save = async (): Promise<void> => {
    savedMs = clock.elapsedMs()
    distrusts = budget.distrusts
    const text = writeOutcomes(budget.outcomes, clock.nowMs())
    if (text === kept) return
    kept = text
    // While the disk is away the records keep it and write it later.
    await records.append([{ put: 'fact', id: FACT, text }]).catch(() => undefined)
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
