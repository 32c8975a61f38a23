import { AppError } from '../errors.ts'
import type { Agent } from './agent.ts'

/** Waits until the store has taken every change; refuses with 503 when it cannot be reached. The change is in force here. */
export async function stored({ budget }: Agent): Promise<void> {
  try {
    await budget.settled()
  } catch {
    const detail = 'In force here, but the budget store cannot be reached; it is told as soon as it can be'
    throw new AppError('budget_store_unavailable', detail, 'later')
  }
}

/** As {@link stored}, for changes that only lower risk: those succeed whether or not the store can be reached. */
export async function told(agent: Agent): Promise<void> {
  await stored(agent).catch((error) =>
    agent.log.error({ err: error }, 'a stop is in force in this process only'),
  )
}
