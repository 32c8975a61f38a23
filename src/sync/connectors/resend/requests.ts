import type { HttpRequest } from '../../../http.ts'
import { resend } from '../../../platforms/index.ts'
import type { Mail } from '../mail.ts'
import { get, withJson } from '../requests.ts'

const limit = resend.pageSize

export const listDomains = (host: string, after?: string): HttpRequest =>
  get(`${host}/domains`, { limit, after })
export const listEmails = (host: string, after?: string): HttpRequest =>
  get(`${host}/emails`, { limit, after })
export const listTemplates = (host: string, after?: string): HttpRequest =>
  get(`${host}/templates`, { limit, after })
export const getEmail = (host: string, id: string): HttpRequest =>
  get(`${host}/emails/${encodeURIComponent(id)}`)

/** @param key names this sending: repeated with it, an e-mail goes out once */
export const sendEmail = (host: string, mail: Mail, key: string): HttpRequest =>
  keyed(withJson('POST', `${host}/emails`, bodyOf(mail)), key)

/** All or none. */
export const sendBatch = (host: string, mails: readonly Mail[], key: string): HttpRequest => {
  const request = keyed(withJson('POST', `${host}/emails/batch`, mails.map(bodyOf)), key)
  return { ...request, headers: { ...request.headers, 'x-batch-validation': 'strict' } }
}

const keyed = (request: HttpRequest, key: string): HttpRequest => ({
  ...request,
  headers: { ...request.headers, 'idempotency-key': key },
})

function bodyOf({ from, to, subject, text, html, replyTo, template, tags }: Mail) {
  return {
    from,
    to,
    ...(subject !== undefined && { subject }),
    ...(text !== undefined && { text }),
    ...(html !== undefined && { html }),
    ...(replyTo !== undefined && { reply_to: replyTo }),
    ...(template && { template }),
    ...(tags && { tags: Object.entries(tags).map(([name, value]) => ({ name, value })) }),
  }
}
