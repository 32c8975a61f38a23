import { AppError, messageOf } from '../errors.ts'
import { StoreUnavailable } from '../shield/index.ts'
import { RecordsUnavailable } from '../storage/index.ts'

/**
 * Runs `work`, which stores a change.
 *
 * @param problem start of the error text when the change cannot be stored; the reason is appended
 * @throws AppError `records_unavailable` where the records, or Redis, cannot be written now
 */
export async function kept<T>(problem: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RecordsUnavailable) && !(error instanceof StoreUnavailable)) throw error
    throw new AppError('records_unavailable', `${problem}: ${messageOf(error)}`, 'later')
  }
}
