import { z } from 'zod'
import type { HttpRequest } from '../../../http.ts'
import { resend, textAt } from '../../../platforms/index.ts'
import { rowsOf } from '../caveats.ts'
import {
  type AccountRef,
  ask,
  type CreateReadConnector,
  type PlatformAccount,
  type ReadTalk,
  type ReportQuery,
  type ReportResult,
  type ReportSpec,
  type Row,
  TalkRefused,
} from '../read-connector.ts'
import { getEmail, listDomains, listEmails, listTemplates, sendBatch, sendEmail } from './requests.ts'

const READS = 'reads'
const SENDS = 'sends'
const RESTRICTED = 'restricted_api_key'

const Page = z.object({ data: z.array(z.unknown()).default([]), has_more: z.boolean().default(false) })
const Domain = z.object({ name: z.string().min(1), status: z.string().default('') })
const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? null)
const Email = z.object({
  id: z.string().min(1),
  to: z.union([z.array(z.string()), z.string()]).nullish(),
  from: Text,
  subject: Text,
  created_at: z.string(),
  last_event: Text,
  scheduled_at: Text,
})
const Template = z.object({ id: z.string().min(1), name: Text, alias: Text, status: Text, updated_at: Text })
const Sent = z.object({ id: z.string().min(1) })
const SentAll = z.object({ data: z.array(Sent) })

const idOf = (one: unknown): string | undefined => textAt(one, 'id')

const NOTHING: ReportResult = { cursor: undefined, finalThrough: undefined, caveats: [] }
const undated: Omit<ReportSpec, 'fields' | 'key'> = {
  dated: false,
  lookbackDays: 0,
  historyMonths: undefined,
  maxDays: undefined,
}

/**
 * Resend, connected with an API key. An account is a domain that mail is sent from. Settings: `from`, who our own e-mails
 * come from, needed with a key that may only send; `notify_to`, who is told of what needs a person.
 */
export const createResend: CreateReadConnector = (baseUrls = {}) => {
  const urls = { ...resend.hosts, ...baseUrls }
  const host = urls.resend

  function* accounts(settings: AccountRef['settings']): ReadTalk<readonly PlatformAccount[]> {
    const found: PlatformAccount[] = []
    const reply = yield { is: 'ask', request: listDomains(host), bucket: READS, mayRefuse: true }
    if (reply?.is === 'refused') {
      if (!reply.detail.includes(RESTRICTED)) throw new TalkRefused(reply.detail)
      const domain = /@([^@\s>]+)>?\s*$/.exec(String(settings['from'] ?? ''))?.[1]
      if (domain === undefined)
        throw new TalkRefused('settings.from: is needed, since the key may only send and not list domains')
      return [accountOf(domain)]
    }
    const first = Page.parse(reply?.body)
    const rest = first.has_more ? yield* restOf((after) => listDomains(host, after), first) : []
    for (const one of [...first.data, ...rest]) {
      const { name, status } = Domain.parse(one)
      if (status === 'verified') found.push(accountOf(name))
    }
    if (found.length === 0) throw new TalkRefused('no domain is verified, so nothing can be sent')
    return found
  }

  function* report({ reportType, range, resume, caveats }: ReportQuery): ReadTalk<ReportResult> {
    if (reportType === 'templates') {
      for (let after: string | undefined, more = true; more; ) {
        const page: Page = Page.parse(yield* ask(listTemplates(host, after), READS))
        yield { is: 'rows', rows: rowsOf(caveats, page.data, (one) => Template.parse(one)) }
        after = idOf(page.data.at(-1))
        more = page.has_more && after !== undefined
      }
      return NOTHING
    }
    if (reportType !== 'emails' || !range)
      throw new TalkRefused(`there is no report ${reportType} without dates`)
    let after = typeof resume === 'string' ? resume : undefined
    // The newest come first, and there is no filter: pages are turned until they are older than what is wanted.
    for (;;) {
      const page: Page = Page.parse(yield* ask(listEmails(host, after), READS))
      const emails = rowsOf(caveats, page.data, (one) => emailRow(Email.parse(one)))
      const dateOf = ({ date }: Row) => String(date)
      const rows = emails.filter((one) => dateOf(one) >= range.start && dateOf(one) <= range.end)
      yield { is: 'rows', rows }
      const oldest = emails.at(-1)
      after = idOf(page.data.at(-1))
      if (!page.has_more || after === undefined || (oldest && dateOf(oldest) < range.start)) return NOTHING
      yield { is: 'remember', state: after }
    }
  }

  return {
    type: 'RESEND',
    auth: { is: 'api_key' },
    features: ['reports', 'send', 'webhooks'],
    limits: [
      ...resend.limits.reads.map((limit) => ({ bucket: READS, ...limit })),
      ...resend.limits.sends.map((limit) => ({ bucket: SENDS, ...limit })),
    ],
    reports: {
      // What becomes of an e-mail is known within days.
      emails: {
        ...undated,
        fields: ['status', 'to', 'from', 'subject', 'created_at', 'scheduled_at'],
        key: ['date', 'email_id'],
        dated: true,
        lookbackDays: 3,
      },
      templates: { ...undated, fields: ['name', 'alias', 'status', 'updated_at'], key: ['id'] },
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
    report,
    write: undefined,
    mail: {
      // Safe to repeat under the same key, so a lost answer leaves no doubt.
      *send(mails, key) {
        const [first] = mails
        if (!first) return []
        if (mails.length === 1) return [Sent.parse(yield* ask(sendEmail(host, first, key), SENDS)).id]
        return SentAll.parse(yield* ask(sendBatch(host, mails, key), SENDS)).data.map(({ id }) => id)
      },
      *status(id) {
        return emailRow(Email.parse(yield* ask(getEmail(host, id), READS)))
      },
    },
  }
}

type Page = z.output<typeof Page>

/** What comes after the first page, which names its last entry by its id. */
function* restOf(request: (after: string) => HttpRequest, first: Page): ReadTalk<unknown[]> {
  const all: unknown[] = []
  let page = first
  while (page.has_more) {
    const after = Sent.parse(page.data.at(-1)).id
    page = Page.parse(yield* ask(request(after), READS))
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

/** `2026-11-20 09:00:00.123456+00` in one answer, ISO 8601 in another. */
function emailRow({ id, to, from, subject, created_at, last_event, scheduled_at }: z.output<typeof Email>) {
  const createdMs = Date.parse(created_at.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'))
  if (!Number.isFinite(createdMs)) throw new Error(`the e-mail ${id} has no date`)
  const createdAt = new Date(createdMs).toISOString()
  return {
    date: createdAt.slice(0, 10),
    email_id: id,
    status: last_event,
    to: typeof to === 'string' ? to : (to?.join(', ') ?? null),
    from,
    subject,
    created_at: createdAt,
    scheduled_at,
  }
}
