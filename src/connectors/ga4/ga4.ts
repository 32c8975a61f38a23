import { z } from 'zod'
import { bearer, GOOGLE_AUTH_URLS, googleAuth } from '../google/auth.ts'
import { GOOGLE_OAUTH } from '../google/oauth.ts'
import type { CreateConnector, ReportQuery, ReportResult } from '../platform/connector.ts'
import { stream, type Talk, TalkRefused } from '../platform/steps.ts'
import { reachedProperties } from './accounts.ts'
import { ga4 } from './api.ts'
import { DIMENSIONS, METRICS, REPORTS } from './reports.ts'
import { BUCKET, runReport } from './requests.ts'
import { AROUND, caveatsOf, ReportPage, restrictedIn, rowReader, truncationsOf } from './rows.ts'

const Resume = z.object({ offset: z.int() })

const NAMES = new Map(
  [...Object.entries(DIMENSIONS), ...Object.entries(METRICS)].map(([ours, theirs]) => [theirs, ours]),
)
const nameOf = (name: string): string => NAMES.get(name) ?? name

/** Google Analytics 4, read only. An account is a property. */
export const createGa4: CreateConnector = (baseUrls = {}) => {
  const urls = { ...GOOGLE_AUTH_URLS, ...ga4.hosts, ...baseUrls }

  function* report(query: ReportQuery): Talk<ReportResult> {
    const { account, reportType, range, fields, resume, caveats } = query
    const spec = REPORTS[reportType]
    if (!spec || !range) throw new TalkRefused(`there is no report ${reportType} without dates`)
    const dimensions = spec.key.flatMap((name) => DIMENSIONS[name] ?? [])
    const asked = fields.flatMap((name) => METRICS[name] ?? [])
    // A report needs at least one metric, even if only dimensions were asked for.
    const metrics = asked.length > 0 ? asked : spec.fields.flatMap((name) => METRICS[name] ?? []).slice(0, 1)

    let offset = Resume.safeParse(resume).data?.offset ?? 0
    let restricted = new Set<string>()
    for (;;) {
      const wanted = { propertyId: account.accountId, range, dimensions, metrics, offset }
      const before = caveats.state
      let rows = 0
      const reader = () => {
        const rowOf = rowReader(caveats, restricted, nameOf)
        rows = 0
        return (line: unknown, around: unknown) => {
          rows += 1
          return rowOf(line, around)
        }
      }
      const request = runReport(urls.data, wanted)
      const page = ReportPage.parse(
        yield* stream({ request, bucket: BUCKET, list: 'rows', around: AROUND, reader }),
      )
      const hidden = new Set(restrictedIn(page)).union(restricted)
      // Hidden metrics are named only after the rows, whose figures are then wrong. The rows are read again without
      // them.
      if (rows > 0 && hidden.size > restricted.size) {
        restricted = hidden
        caveats.state = before
        continue
      }
      for (const caveat of caveatsOf(page, account)) caveats.add(caveat)
      for (const truncation of truncationsOf(page)) caveats.cutOff(truncation)
      offset += rows
      // Without a row count, a page that is not full is the last one.
      const count = page.rowCount ?? (rows < ga4.pageSize ? offset : offset + ga4.pageSize)
      if (offset >= count) break
      if (rows === 0) throw new Error(`a page is empty after ${offset} of ${count} rows`)
      yield { is: 'remember', state: { offset } }
      yield { is: 'progress', share: offset / count }
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
    accounts: () => reachedProperties(urls.admin),
    *campaigns() {
      yield { is: 'progress', share: 0 }
      throw new TalkRefused('Analytics has no campaigns of its own')
    },
    report,
    write: undefined,
  }
}
