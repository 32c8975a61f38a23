import { type Caveats, rowsOf } from '../platform/caveats.ts'
import type { ReportQuery, ReportResult } from '../platform/connector.ts'
import { textAt } from '../platform/json.ts'
import type { Row } from '../platform/rows.ts'
import { ask, type Talk, TalkRefused } from '../platform/steps.ts'
import { Pages } from '../reading/pages.ts'
import { domainOf, Email, emailRow, ListPage, Template } from './answers.ts'
import { listEmails, listTemplates, READS } from './requests.ts'

const NOTHING: ReportResult = { cursor: undefined, finalThrough: undefined, caveats: [] }

export function* readReport(host: string, query: ReportQuery): Talk<ReportResult> {
  const { account, reportType, range, resume, caveats } = query
  if (reportType === 'templates') return yield* readTemplates(host, caveats)
  if (reportType !== 'emails' || !range)
    throw new TalkRefused(`there is no report ${reportType} without dates`)
  let after = typeof resume === 'string' ? resume : undefined
  const pages = new Pages(caveats)
  // The list is newest first and has no filter, so pages are read until they are older than the wanted dates.
  for (;;) {
    const page: ListPage = ListPage.parse(yield* ask(listEmails(host, after), READS))
    const emails = rowsOf(caveats, page.data, (one) => emailRow(Email.parse(one)))
    const dateOf = ({ date }: Row) => String(date)
    // The list has the e-mails of the team's other domains too.
    const isOurs = ({ from }: Row) =>
      from === null || domainOf(String(from)) === account.accountId.toLowerCase()
    const rows = emails.filter((one) => isOurs(one) && dateOf(one) >= range.start && dateOf(one) <= range.end)
    yield { is: 'rows', rows }
    const oldest = emails.at(-1)
    if (oldest && dateOf(oldest) < range.start) return NOTHING
    after = nextAfter(page, caveats)
    if (after === undefined || !pages.goOn(page.data)) return NOTHING
    yield { is: 'remember', state: after }
  }
}

function* readTemplates(host: string, caveats: Caveats): Talk<ReportResult> {
  const pages = new Pages(caveats)
  for (let after: string | undefined, more = true; more; ) {
    const page: ListPage = ListPage.parse(yield* ask(listTemplates(host, after), READS))
    yield { is: 'rows', rows: rowsOf(caveats, page.data, (one) => Template.parse(one)) }
    after = nextAfter(page, caveats)
    more = after !== undefined && pages.goOn(page.data)
  }
  return NOTHING
}

/** Id after which the next page begins: that of the last entry with one; undefined after the last page. */
function nextAfter({ data, has_more }: ListPage, caveats: Caveats): string | undefined {
  if (has_more !== true) return undefined
  const after = data.map((one) => textAt(one, 'id')).findLast((id) => id !== undefined)
  if (after === undefined)
    caveats.cutOff('the platform says that there is more, but gives no id after which it begins')
  return after
}
