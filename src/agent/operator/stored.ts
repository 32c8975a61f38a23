import { AppError } from '../../errors.ts'
import { StoreUnavailable } from '../../shield/index.ts'
import type { Agent } from '../agent.ts'

/**
 * Waits until the store has stored every change. Throws 503 if it cannot be reached; the change is then in force in
 * this process.
 */
export async function requireStored(
  { budget }: Agent,
  change: () => Promise<void> = () => budget.settled(),
): Promise<void> {
  try {
    await change()
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    const detail = `The budget store cannot be reached (${error.message}); the change is in force in this process`
    throw new AppError('budget_store_unavailable', detail, 'later')
  }
}

/** Like {@link requireStored}, for changes that only lower risk: it also succeeds if the store cannot be reached. */
export async function tryStored(agent: Agent): Promise<void> {
  await requireStored(agent).catch((error) =>
    agent.log.error({ err: error }, 'a stop is in force in this process only'),
  )
}
