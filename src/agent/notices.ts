import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { Ctx, Env } from '../api/index.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Bidder } from './bidder.ts'
import type { CountNotice } from './notice-counts.ts'
import type { NoticeDesk } from './notice-desk.ts'
import type { NoticeKind } from './openrtb/index.ts'

export interface NoticeRouteDeps {
  readonly bidder: Bidder
  readonly desk: NoticeDesk
  readonly count: CountNotice
}

export const NOTICE_ROUTE = '/openrtb2/notice/:kind/:token'

/** Whether a request is one that {@link noticeHandler} answers. */
export const isNotice = (url = ''): boolean => /^\/openrtb2\/notice\/[^/?]+\/[^/?]+(\?|$)/.test(url)

/** Answers notices and nothing else. */
export function noticeListener(deps: NoticeRouteDeps, log: Logger): RequestListener {
  const app = new Hono<Env>()
  app.on(['GET', 'POST'], NOTICE_ROUTE, noticeHandler(deps))
  app.onError((error, c) => {
    log.error({ err: error }, messageOf(error))
    return c.body(null, 500)
  })
  return getRequestListener(app.fetch)
}

const KINDS: Readonly<Record<string, NoticeKind>> = { win: 'win', billing: 'billing', loss: 'loss' }

/**
 * `GET` or `POST /openrtb2/notice/{win|billing|loss}/{token}`. Safe to repeat: a notice that was recorded before is
 * answered 200 as well. 200 only once it is settled, booked, or with the owner of its bid, and a restart will know of it; 503
 * while it cannot be, so that the exchange repeats it. A token that we did not sign for this kind of address gets 404.
 * `HEAD`, which link checkers send, is answered like the others and does and counts nothing.
 */
export function noticeHandler(deps: NoticeRouteDeps): (c: Ctx) => Response | Promise<Response> {
  const { bidder, desk, count } = deps
  return (c) => {
    const kind = KINDS[c.req.param('kind') ?? '']
    const text = c.req.param('token') ?? ''
    const verified = kind && bidder.tokens.verify(kind, text)
    // Hono has GET handlers answer HEAD as well.
    if (c.req.method === 'HEAD') return c.body(null, verified?.is === 'genuine' ? 200 : 404)
    if (!kind || verified?.is !== 'genuine') {
      const isMisused = kind !== undefined && verified?.is === 'other_kind'
      count(isMisused ? { is: 'misused', kind, seat: verified.token.seat } : { is: 'forged' })
      return c.body(null, 404)
    }
    const { token } = verified
    const { price, cur: currency, loss } = c.req.query()
    const answer = (isDone: boolean) =>
      isDone ? c.body(null, 200) : c.body(null, 503, { 'retry-after': '1' })
    const taken = desk.take({ kind, text, token, query: { price, currency, loss } })
    return typeof taken === 'boolean' ? answer(taken) : taken.then(answer)
  }
}
