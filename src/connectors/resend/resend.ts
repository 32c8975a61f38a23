import type { HttpRequest } from '../../http/http.ts'
import type { AccountRef, CreateConnector, PlatformAccount } from '../platform/connector.ts'
import { ask, type Talk, TalkRefused } from '../platform/steps.ts'
import { Pages } from '../reading/pages.ts'
import { dailyReport, undatedReport } from '../reading/report-specs.ts'
import { Domain, domainOf, ListPage, Sent } from './answers.ts'
import { resend } from './api.ts'
import { createMail } from './mail.ts'
import { readReport } from './report.ts'
import { listDomains, READS, SENDS } from './requests.ts'

/** Name of Resend's error for a key that may only send. */
const RESTRICTED = 'restricted_api_key'

/**
 * Resend, connected with an API key. An account is a domain that mail is sent from. Settings: `from`, the sender of our
 * own e-mails, required for a key that may only send; `notify_to`, the recipients of notifications.
 */
export const createResend: CreateConnector = (baseUrls = {}) => {
  const urls = { ...resend.hosts, ...baseUrls }
  const host = urls.resend

  function* accounts(settings: AccountRef['settings']): Talk<readonly PlatformAccount[]> {
    const found: PlatformAccount[] = []
    const reply = yield { is: 'ask', request: listDomains(host), bucket: READS, mayRefuse: true }
    if (reply?.is === 'refused') {
      if (!reply.detail.includes(RESTRICTED)) throw new TalkRefused(reply.detail)
      const domain = domainOf(String(settings['from'] ?? ''))
      if (domain === undefined)
        throw new TalkRefused('settings.from: is needed, since the key may only send and not list domains')
      return [accountOf(domain)]
    }
    const first = ListPage.parse(reply?.is === 'ok' ? reply.body : undefined)
    const rest = first.has_more ? yield* restOf((after) => listDomains(host, after), first) : []
    for (const one of [...first.data, ...rest]) {
      const { name, status } = Domain.parse(one)
      if (status === 'verified') found.push(accountOf(name))
    }
    if (found.length === 0) throw new TalkRefused('no domain is verified, so nothing can be sent')
    return found
  }

  return {
    type: 'RESEND',
    auth: { is: 'api_key' },
    features: ['reports', 'send', 'templates', 'webhooks'],
    limits: [
      ...resend.limits.reads.map((limit) => ({ bucket: READS, ...limit })),
      ...resend.limits.sends.map((limit) => ({ bucket: SENDS, ...limit })),
    ],
    reports: {
      // The result of an e-mail is known within days.
      emails: dailyReport(
        ['date', 'email_id'],
        ['status', 'to', 'from', 'subject', 'created_at', 'scheduled_at'],
        { lookbackDays: 3, historyMonths: undefined, maxDays: undefined },
      ),
      templates: undatedReport(['id'], ['name', 'alias', 'status', 'updated_at']),
    },
    baseUrls: urls,
    concurrencyPerAccount: 1,
    authorize: (request, apiKey) => ({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${apiKey}` },
    }),
    read: resend.read,
    usedShare: () => undefined,
    accounts,
    *campaigns() {
      yield { is: 'progress', share: 0 }
      throw new TalkRefused('Resend has no campaigns')
    },
    report: (query) => readReport(host, query),
    write: undefined,
    mail: createMail(host),
  }
}

/** Reads the pages after the first one, each named by the last entry's id. */
function* restOf(request: (after: string) => HttpRequest, first: ListPage): Talk<unknown[]> {
  const all: unknown[] = []
  const pages = new Pages()
  let page = first
  while (page.has_more && pages.goOn(page.data)) {
    const after = Sent.parse(page.data.at(-1)).id
    page = ListPage.parse(yield* ask(request(after), READS))
    all.push(...page.data)
  }
  return all
}

const accountOf = (domain: string): PlatformAccount => ({
  id: domain,
  name: domain,
  currency: undefined,
  timezone: 'UTC',
})
