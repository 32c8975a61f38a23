import type { HttpRequest } from '../../http/http.ts'
import type { Mail, Template } from '../platform/mail.ts'
import { get, withJson } from '../reading/requests.ts'
import { resend } from './api.ts'

/** The groups of its endpoints, for limits and breakers. */
export const READS = 'reads'
export const SENDS = 'sends'

const limit = resend.pageSize

export const listDomains = (host: string, after?: string): HttpRequest =>
  get(`${host}/domains`, { limit, after })
export const listEmails = (host: string, after?: string): HttpRequest =>
  get(`${host}/emails`, { limit, after })
export const listTemplates = (host: string, after?: string): HttpRequest =>
  get(`${host}/templates`, { limit, after })
export const getEmail = (host: string, id: string): HttpRequest =>
  get(`${host}/emails/${encodeURIComponent(id)}`)

/** @param key idempotency key: repeated with it, an e-mail is sent once */
export const sendEmail = (host: string, mail: Mail, key: string): HttpRequest =>
  keyed(withJson('POST', `${host}/emails`, bodyOf(mail)), key)

/** Sends all e-mails or none. */
export const sendBatch = (host: string, mails: readonly Mail[], key: string): HttpRequest => {
  const request = keyed(withJson('POST', `${host}/emails/batch`, mails.map(bodyOf)), key)
  return { ...request, headers: { ...request.headers, 'x-batch-validation': 'strict' } }
}

export const createTemplate = (host: string, template: Template): HttpRequest =>
  withJson('POST', `${host}/templates`, template)
export const updateTemplate = (host: string, id: string, change: Template): HttpRequest =>
  withJson('PATCH', `${host}/templates/${encodeURIComponent(id)}`, change)
export const publishTemplate = (host: string, id: string): HttpRequest =>
  withJson('POST', `${host}/templates/${encodeURIComponent(id)}/publish`, {})
export const deleteTemplate = (host: string, id: string): HttpRequest => ({
  method: 'DELETE',
  url: `${host}/templates/${encodeURIComponent(id)}`,
  headers: {},
})

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
