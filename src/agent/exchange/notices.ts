import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { type ApiEnv, type Ctx, problemAnswer, shown } from '../../api/index.ts'
import { AppError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Bidder } from './bidder.ts'
import type { CountNotice } from './notice-counts.ts'
import { type NoticeDesk, type NoticeTrouble, RETRY_MS } from './notice-desk.ts'
import type { NoticeKind } from './openrtb/index.ts'

export interface NoticeRouteDeps {
  readonly bidder: Bidder
  readonly desk: NoticeDesk
  readonly count: CountNotice
}

export const NOTICE_ROUTE = '/openrtb2/notice/:kind/:token'

/** Whether {@link noticeHandler} answers this address. */
export const isNotice = (url = ''): boolean => /^\/openrtb2\/notice\/[^/?]+\/[^/?]+(\?|$)/.test(url)

/** A request listener that answers notices and nothing else. */
export function noticeListener(deps: NoticeRouteDeps, log: Logger): RequestListener {
  const app = new Hono<ApiEnv>()
  app.on(['GET', 'POST'], NOTICE_ROUTE, noticeHandler(deps))
  app.onError((error, c) => {
    log.error({ err: error }, messageOf(error))
    return problem(c, shown(error))
  })
  return getRequestListener(app.fetch)
}

function problem(c: Ctx, error: AppError): Response {
  const { status, body, headers } = problemAnswer(error)
  return c.body(JSON.stringify(body), status, headers)
}

const TROUBLES: Readonly<Record<NoticeTrouble, string>> = {
  budget_store_unavailable: 'The budget store cannot be reached: send the notice again',
  records_unavailable: 'The notice cannot be recorded now: send it again',
}

const KINDS: Readonly<Record<string, NoticeKind>> = { win: 'win', billing: 'billing', loss: 'loss' }

/**
 * Reads the query of a notice. A price or currency that is given twice is ambiguous, so the notice counts as one without a
 * price, and the whole bid is booked.
 */
function queryOf({ price = [], cur = [], loss = [], min = [] }: Record<string, string[]>) {
  const isClear = price.length === 1 && cur.length <= 1
  return { price: isClear ? price[0] : undefined, currency: cur[0], loss: loss[0], lowest: min[0] }
}

/**
 * Answers `GET` or `POST /openrtb2/notice/{win|billing|loss}/{token}`.
 * - 200 once the notice is settled, booked, or delivered to the owner of its bid, and will survive a restart. A
 *   repeated notice gets 200 as well, so repeating is safe.
 * - 503 with the reason while that is not possible, so that the exchange repeats it.
 * - 404 for a notice token that was not signed for this kind of notice.
 * `HEAD`, which link checkers send, gets the same status by the notice token and changes and counts nothing.
 */
export function noticeHandler(deps: NoticeRouteDeps): (c: Ctx) => Response | Promise<Response> {
  const { bidder, desk, count } = deps
  return (c) => {
    const kind = KINDS[c.req.param('kind') ?? '']
    const text = c.req.param('token') ?? ''
    const verified = kind && bidder.tokens.verify(kind, text)
    // Hono answers HEAD with the GET handler.
    if (c.req.method === 'HEAD') return c.body(null, verified?.is === 'genuine' ? 200 : 404)
    if (!kind || verified?.is !== 'genuine') {
      const isMisused = kind !== undefined && verified?.is === 'other_kind'
      count(isMisused ? { is: 'misused', kind, seat: verified.token.seat } : { is: 'forged' })
      return c.body(null, 404)
    }
    const { token } = verified
    const query = queryOf(c.req.queries())
    const answer = (trouble: NoticeTrouble | undefined) =>
      trouble === undefined
        ? c.body(null, 200)
        : problem(c, new AppError(trouble, TROUBLES[trouble], { afterMs: RETRY_MS }))
    const taken = desk.take({ kind, text, token, query })
    return taken instanceof Promise ? taken.then(answer) : answer(taken)
  }
}
