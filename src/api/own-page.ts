import type { IncomingMessage } from 'node:http'
import { headerOf, isJsonType } from './json.ts'

/** What of a request says which page sent it. */
export type BrowserRequest = Pick<IncomingMessage, 'headers' | 'method'>

/** Whose page a browser says has sent a request; `unsaid` where it says nothing, as programs do. */
export type SentFrom = 'own' | 'foreign' | 'unsaid'

/**
 * Tells pages of this service from others by `Sec-Fetch-Site` and `Origin`, which no page can forge.
 * @param publicUrl address by which browsers know the service; over https, pages over http are foreign
 */
export function sentFrom(request: BrowserRequest, publicUrl: URL): SentFrom {
  const site = headerOf(request, 'sec-fetch-site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'foreign'
  const origin = headerOf(request, 'origin')
  if (origin === undefined) return site === 'same-origin' ? 'own' : 'unsaid'
  const host = headerOf(request, 'host') ?? ''
  const schemes = publicUrl.protocol === 'https:' ? ['https'] : ['http', 'https']
  const isOwn = origin === publicUrl.origin || schemes.some((scheme) => origin === `${scheme}://${host}`)
  return isOwn ? 'own' : 'foreign'
}

/** Whether a request changes nothing, whoever sends it. */
export const isRead = ({ method }: BrowserRequest): boolean => method === 'GET' || method === 'HEAD'

/**
 * A browser sends a form to another site without asking. Before it sends JSON or this header it asks that site first,
 * and gets no permission here. So a request with either of them is not from another site, even without `Origin`.
 */
export const saysItIsNoForm = (request: BrowserRequest): boolean =>
  isJsonType(headerOf(request, 'content-type')) || headerOf(request, 'x-requested-with') !== undefined
