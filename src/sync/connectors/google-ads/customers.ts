import { z } from 'zod'
import { type AccountRef, ask, type PlatformAccount, type ReadTalk, TalkRefused } from '../read-connector.ts'
import { clientQuery, clientsQuery, type Door, listAccessible, searchStream } from './requests.ts'
import { resultsOf } from './rows.ts'

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

/** Accounts that have campaigns: those the person opens, and those below the managers they open. */
export function* listAccounts(host: string): ReadTalk<readonly PlatformAccount[]> {
  const found = new Map<string, PlatformAccount>()
  for (const customerId of yield* accessible(host, CALLS)) {
    for (const result of yield* clientsOf({ host, customerId, manager: customerId }, clientsQuery, CALLS)) {
      const { id, descriptiveName, currencyCode, timeZone, manager } = Client.parse(result).customerClient
      if (manager || found.has(id)) continue
      found.set(id, { id, name: descriptiveName ?? id, currency: currencyCode, timezone: timeZone })
    }
  }
  if (found.size === 0) throw new TalkRefused('the grant reaches no account with campaigns')
  return [...found.values()]
}

function* accessible(host: string, bucket: string): ReadTalk<readonly string[]> {
  const { resourceNames } = Accessible.parse(yield* ask(listAccessible(host), bucket))
  return resourceNames.map((name) => name.replace(/^customers\//, ''))
}

/** A cancelled account stays in the list of those that can be opened, and refuses every question. */
function* clientsOf(door: Door, query: string, bucket: string): ReadTalk<readonly unknown[]> {
  const reply = yield { is: 'ask', request: searchStream(door, query), bucket, mayRefuse: true }
  return reply?.is === 'ok' ? resultsOf(reply.body) : []
}

/** How an account is opened: directly, or through the first manager that has it below. */
export function* doorTo(host: string, { accountId, settings }: AccountRef, bucket: string): ReadTalk<Door> {
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
