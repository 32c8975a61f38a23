import { z } from 'zod'
import type { HttpRequest } from '../../http/http.ts'
import { type Caveats, rowsOf } from '../platform/caveats.ts'
import type {
  AccountRef,
  CreateConnector,
  PlatformAccount,
  ReportQuery,
  ReportResult,
  ReportSpec,
} from '../platform/connector.ts'
import { textAt } from '../platform/json.ts'
import type { Row } from '../platform/rows.ts'
import { ask, type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'
import { Pages } from '../reading/pages.ts'
import { resend } from './api.ts'
import {
  createTemplate,
  deleteTemplate,
  getEmail,
  listDomains,
  listEmails,
  listTemplates,
  publishTemplate,
  sendBatch,
  sendEmail,
  updateTemplate,
} from './requests.ts'

const READS = 'reads'
const SENDS = 'sends'
const RESTRICTED = 'restricted_api_key'

const Page = z.object({ data: z.array(z.unknown()), has_more: z.boolean().nullish() })
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

/** Id after which the next page begins: that of the last entry with one; undefined after the last page. */
function nextAfter({ data, has_more }: Page, caveats: Caveats): string | undefined {
  if (has_more !== true) return undefined
  const after = data.map((one) => textAt(one, 'id')).findLast((id) => id !== undefined)
  if (after === undefined) caveats.cutOff('the platform says that there is more, and not behind what')
  return after
}

const NOTHING: ReportResult = { cursor: undefined, finalThrough: undefined, caveats: [] }
const undated: Omit<ReportSpec, 'fields' | 'key'> = {
  dated: false,
  lookbackDays: 0,
  historyMonths: undefined,
  maxDays: undefined,
}

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
      const domain = /@([^@\s>]+)>?\s*$/.exec(String(settings['from'] ?? ''))?.[1]
      if (domain === undefined)
        throw new TalkRefused('settings.from: is needed, since the key may only send and not list domains')
      return [accountOf(domain)]
    }
    const first = Page.parse(reply?.is === 'ok' ? reply.body : undefined)
    const rest = first.has_more ? yield* restOf((after) => listDomains(host, after), first) : []
    for (const one of [...first.data, ...rest]) {
      const { name, status } = Domain.parse(one)
      if (status === 'verified') found.push(accountOf(name))
    }
    if (found.length === 0) throw new TalkRefused('no domain is verified, so nothing can be sent')
    return found
  }

  function* report({ reportType, range, resume, caveats }: ReportQuery): Talk<ReportResult> {
    if (reportType === 'templates') {
      const pages = new Pages(caveats)
      for (let after: string | undefined, more = true; more; ) {
        const page: Page = Page.parse(yield* ask(listTemplates(host, after), READS))
        yield { is: 'rows', rows: rowsOf(caveats, page.data, (one) => Template.parse(one)) }
        after = nextAfter(page, caveats)
        more = after !== undefined && pages.goOn(page.data)
      }
      return NOTHING
    }
    if (reportType !== 'emails' || !range)
      throw new TalkRefused(`there is no report ${reportType} without dates`)
    let after = typeof resume === 'string' ? resume : undefined
    const pages = new Pages(caveats)
    // The list is newest first and has no filter, so pages are read until they are older than the wanted dates.
    for (;;) {
      const page: Page = Page.parse(yield* ask(listEmails(host, after), READS))
      const emails = rowsOf(caveats, page.data, (one) => emailRow(Email.parse(one)))
      const dateOf = ({ date }: Row) => String(date)
      const rows = emails.filter((one) => dateOf(one) >= range.start && dateOf(one) <= range.end)
      yield { is: 'rows', rows }
      const oldest = emails.at(-1)
      if (oldest && dateOf(oldest) < range.start) return NOTHING
      after = nextAfter(page, caveats)
      if (after === undefined) return NOTHING
      if (!pages.goOn(page.data)) return NOTHING
      yield { is: 'remember', state: after }
    }
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
      // Repeating with the same key is safe, so a lost answer leaves no unknown outcome.
      *send(mails, key) {
        const [first] = mails
        if (!first) return []
        if (mails.length === 1) return [Sent.parse(yield* ask(sendEmail(host, first, key), SENDS)).id]
        const { data } = SentAll.parse(yield* ask(sendBatch(host, mails, key), SENDS))
        if (data.length !== mails.length)
          throw new TalkFailed(`Resend names ${data.length} of ${mails.length} e-mails that were sent`)
        return data.map(({ id }) => id)
      },
      *status(id) {
        return emailRow(Email.parse(yield* ask(getEmail(host, id), READS)))
      },
      templates: {
        create: (template) => written(createTemplate(host, template)),
        update: (id, change) => written(updateTemplate(host, id, change)),
        publish: (id) => written(publishTemplate(host, id)),
        remove: (id) => written(deleteTemplate(host, id)),
      },
    },
  }
}

/** Not repeated after a lost answer, because that could create a second template of the same name. */
function* written(request: HttpRequest): Talk<string> {
  const reply = yield { is: 'ask', request, bucket: SENDS, writes: true }
  return Sent.parse(reply?.is === 'ok' ? reply.body : undefined).id
}

type Page = z.output<typeof Page>

/** Reads the pages after the first one, each named by the last entry's id. */
function* restOf(request: (after: string) => HttpRequest, first: Page): Talk<unknown[]> {
  const all: unknown[] = []
  const pages = new Pages()
  let page = first
  while (page.has_more && pages.goOn(page.data)) {
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

/** Times are `2026-11-20 09:00:00.123456+00` in one answer and ISO 8601 in another. */
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
