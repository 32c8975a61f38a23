import { z } from 'zod'
import type { AccountRef, PlatformAccount } from '../platform/connector.ts'
import { ask, NothingReached, type Talk, TalkRefused, whereAllowed } from '../platform/steps.ts'
import { type CustomerDoor, clientQuery, clientsQuery, listAccessible } from './requests.ts'
import { searched } from './rows.ts'

export const CALLS = 'calls'

const Accessible = z.object({ resourceNames: z.array(z.string()).default([]) })
const Client = z.object({
  customerClient: z.object({
    id: z.string(),
    descriptiveName: z.string().optional(),
    currencyCode: z.string().optional(),
    timeZone: z.string().optional(),
    manager: z.boolean().default(false),
  }),
})
type Client = z.output<typeof Client>

/** Accounts with campaigns: those the person can open, and those below the managers they can open. */
export function* listAccounts(host: string): Talk<readonly PlatformAccount[]> {
  const found = new Map<string, PlatformAccount>()
  const denied: string[] = []
  for (const customerId of yield* accessible(host, CALLS)) {
    const door = { host, customerId, manager: customerId }
    for (const result of yield* clientsOf(door, clientsQuery, CALLS, (detail) => denied.push(detail))) {
      const { id, descriptiveName, currencyCode, timeZone, manager } = result.customerClient
      if (manager || found.has(id)) continue
      found.set(id, { id, name: descriptiveName ?? id, currency: currencyCode, timezone: timeZone })
    }
  }
  if (found.size === 0) throw new TalkRefused(denied[0] ?? 'the grant reaches no account with campaigns')
  return [...found.values()]
}

function* accessible(host: string, bucket: string): Talk<readonly string[]> {
  const { resourceNames } = Accessible.parse(yield* ask(listAccessible(host), bucket))
  if (resourceNames.length === 0) throw new NothingReached('the grant reaches no account')
  return resourceNames.map((name) => name.replace(/^customers\//, ''))
}

/**
 * Accounts below one that the person can open. A cancelled account stays listed although nobody has permission for it.
 */
function* clientsOf(
  door: CustomerDoor,
  query: string,
  bucket: string,
  onDenied: (detail: string) => void = () => {},
): Talk<readonly Client[]> {
  let found: Client[] = []
  let problem: unknown
  const collect = () => {
    found = []
    return (result: unknown) => {
      const client = Client.safeParse(result)
      if (client.success) found.push(client.data)
      else problem ??= client.error
      return undefined
    }
  }
  yield* whereAllowed(searched(door, query, bucket, collect), onDenied)
  // The account that could not be read may be the wanted one, so it is not left out silently.
  if (problem !== undefined) throw problem
  return found
}

/** Finds how an account is opened: directly, or through the first manager above it. */
export function* doorTo(
  host: string,
  { accountId, settings }: AccountRef,
  bucket: string,
): Talk<CustomerDoor> {
  const named = settings['login_customer_id']
  if (typeof named === 'string' && named !== '')
    return { host, customerId: accountId, manager: named.replaceAll('-', '') }
  const roots = yield* accessible(host, bucket)
  if (roots.includes(accountId)) return { host, customerId: accountId, manager: undefined }
  for (const manager of roots) {
    const below = yield* clientsOf({ host, customerId: manager, manager }, clientQuery(accountId), bucket)
    if (below.length > 0) return { host, customerId: accountId, manager }
  }
  throw new TalkRefused(`the grant does not reach the account ${accountId} any more`)
}
