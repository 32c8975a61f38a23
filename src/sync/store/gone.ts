import { NoResultError } from 'kysely'

/** Error codes for a reference to a row that does not exist. */
const SQLITE_FOREIGN_KEY = 787
const POSTGRES_FOREIGN_KEY = '23503'

/** Whether a statement failed because the row it refers to was deleted meanwhile. */
export function isGone(error: unknown): boolean {
  if (error instanceof NoResultError) return true
  const { errcode, code } = Object(error)
  return errcode === SQLITE_FOREIGN_KEY || code === POSTGRES_FOREIGN_KEY
}
