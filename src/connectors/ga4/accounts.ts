import { z } from 'zod'
import type { PlatformAccount } from '../platform/connector.ts'
import { ask, NothingReached, type Talk, TalkRefused, whereAllowed } from '../platform/steps.ts'
import { Pages } from '../reading/pages.ts'
import { BUCKET, listAccounts, listProperties } from './requests.ts'

const Accounts = z.object({
  accounts: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
})
const Properties = z.object({
  properties: z
    .array(
      z.object({
        name: z.string().regex(/^properties\/\d+$/),
        displayName: z.string().default(''),
        currencyCode: z.string().optional(),
        timeZone: z.string().optional(),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
})

/** Every property that the grant reaches; an Analytics account that is denied hides no other. */
export function* reachedProperties(host: string): Talk<readonly PlatformAccount[]> {
  const names = yield* allAccounts(host)
  if (names.length === 0) throw new NothingReached('the grant reaches no Analytics property')
  const found: PlatformAccount[] = []
  const denied: string[] = []
  for (const name of names)
    found.push(...((yield* whereAllowed(propertiesOf(host, name), (detail) => denied.push(detail))) ?? []))
  if (found.length === 0) throw new TalkRefused(denied[0] ?? 'the grant reaches no Analytics property')
  return found
}

function* propertiesOf(host: string, account: string): Talk<readonly PlatformAccount[]> {
  const found: PlatformAccount[] = []
  const pages = new Pages()
  for (let pageToken: string | undefined; ; ) {
    const page = Properties.parse(yield* ask(listProperties(host, account, pageToken), BUCKET))
    for (const { name, displayName, currencyCode, timeZone } of page.properties) {
      const id = name.slice('properties/'.length)
      found.push({ id, name: displayName || id, currency: currencyCode, timezone: timeZone })
    }
    pageToken = page.nextPageToken
    if (!pageToken || !pages.goOn(page.properties)) return found
  }
}

function* allAccounts(host: string): Talk<string[]> {
  const names: string[] = []
  const pages = new Pages()
  for (let pageToken: string | undefined; ; ) {
    const page = Accounts.parse(yield* ask(listAccounts(host, pageToken), BUCKET))
    names.push(...page.accounts.map(({ name }) => name))
    pageToken = page.nextPageToken
    if (!pageToken || !pages.goOn(page.accounts)) return names
  }
}
