import { z } from 'zod'
import { GOOGLE_OAUTH, ga4 } from '../../../platforms/index.ts'
import { bearer, GOOGLE_AUTH_URLS, googleAuth } from '../google-auth.ts'
import {
  ask,
  type CreateReadConnector,
  type PlatformAccount,
  type ReadTalk,
  type ReportQuery,
  type ReportResult,
  TalkRefused,
} from '../read-connector.ts'
import { DIMENSIONS, METRICS, REPORTS } from './reports.ts'
import { listAccounts, listProperties, runReport } from './requests.ts'
import { caveatsOf, Page, readPage } from './rows.ts'

const BUCKET = 'calls'

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
const Resume = z.object({ offset: z.int() })

const NAMES = new Map(
  [...Object.entries(DIMENSIONS), ...Object.entries(METRICS)].map(([ours, theirs]) => [theirs, ours]),
)
const nameOf = (name: string): string => NAMES.get(name) ?? name

/** Google Analytics 4, read only. An account is a property. */
export const createGa4: CreateReadConnector = (baseUrls = {}) => {
  const urls = { ...GOOGLE_AUTH_URLS, ...ga4.hosts, ...baseUrls }

  function* accounts(): ReadTalk<readonly PlatformAccount[]> {
    const found: PlatformAccount[] = []
    for (const account of yield* allAccounts()) {
      let pageToken: string | undefined
      do {
        const page = Properties.parse(yield* ask(listProperties(urls.admin, account, pageToken), BUCKET))
        for (const { name, displayName, currencyCode, timeZone } of page.properties) {
          const id = name.slice('properties/'.length)
          found.push({ id, name: displayName || id, currency: currencyCode, timezone: timeZone })
        }
        pageToken = page.nextPageToken
      } while (pageToken)
    }
    if (found.length === 0) throw new TalkRefused('the grant reaches no Analytics property')
    return found
  }

  function* allAccounts(): ReadTalk<string[]> {
    const names: string[] = []
    let pageToken: string | undefined
    do {
      const page = Accounts.parse(yield* ask(listAccounts(urls.admin, pageToken), BUCKET))
      names.push(...page.accounts.map(({ name }) => name))
      pageToken = page.nextPageToken
    } while (pageToken)
    return names
  }

  function* report(query: ReportQuery): ReadTalk<ReportResult> {
    const { account, reportType, range, fields, resume, caveats } = query
    const spec = REPORTS[reportType]
    if (!spec || !range) throw new TalkRefused(`there is no report ${reportType} without dates`)
    const dimensions = spec.key.flatMap((name) => DIMENSIONS[name] ?? [])
    const asked = fields.flatMap((name) => METRICS[name] ?? [])
    // A report needs a metric, even if only dimensions were asked for.
    const metrics = asked.length > 0 ? asked : spec.fields.flatMap((name) => METRICS[name] ?? []).slice(0, 1)

    let offset = Resume.safeParse(resume).data?.offset ?? 0
    for (;;) {
      const wanted = { propertyId: account.accountId, range, dimensions, metrics, offset }
      const page = Page.parse(yield* ask(runReport(urls.data, wanted), BUCKET))
      for (const caveat of caveatsOf(page, account)) caveats.add(caveat)
      yield { is: 'rows', rows: readPage(caveats, page, nameOf) }
      offset += page.rows.length
      if (offset >= page.rowCount) break
      if (page.rows.length === 0) throw new Error(`a page is empty after ${offset} of ${page.rowCount} rows`)
      yield { is: 'remember', state: { offset } }
      yield { is: 'progress', share: offset / page.rowCount }
    }
    return { cursor: undefined, finalThrough: undefined, caveats: [] }
  }

  return {
    type: 'GA4',
    auth: googleAuth(urls, [GOOGLE_OAUTH.scopes.analytics]),
    features: ['reports'],
    limits: ga4.limits.map((limit) => ({ bucket: BUCKET, ...limit })),
    reports: REPORTS,
    baseUrls: urls,
    concurrencyPerAccount: 2,
    authorize: (request, accessToken) => bearer(request, accessToken, [urls.data, urls.admin]),
    read: ga4.read,
    usedShare(response) {
      const share = ga4.usedShare(response)
      return share === undefined ? undefined : { bucket: BUCKET, share }
    },
    accounts,
    *campaigns() {
      yield { is: 'progress', share: 0 }
      throw new TalkRefused('Analytics has no campaigns of its own')
    },
    report,
    write: undefined,
  }
}
