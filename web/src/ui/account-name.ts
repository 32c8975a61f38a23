import type { Connection } from '../api/connections.ts'

/** The account's own name where the platform has told one, and its id. */
export function accountName({ account_id, accounts }: Connection): string {
  if (account_id === null) return 'no account'
  const name = accounts.find(({ id }) => id === account_id)?.name
  return name === undefined ? account_id : `${name} (${account_id})`
}
