import { AppError } from '../errors.ts'
import { type Caller, callerName } from './auth.ts'

/**
 * Refuses a key, or a person, of another organisation than the operator's: for everything that organisations share.
 *
 * @throws AppError 403
 */
export function requireOperator(caller: Caller): void {
  if (caller.boundTo === undefined) return
  throw new AppError(
    'forbidden',
    `This is the operator's; ${callerName(caller, 'the')} is of organisation ${caller.boundTo}`,
  )
}
