import type { Ctx } from '../api/index.ts'
import type { Metrics } from '../metrics.ts'
import type { Bidder } from './bidder.ts'
import { type NoticeKind, settleNotice } from './openrtb/index.ts'

export interface NoticeRouteDeps {
  readonly bidder: Bidder
  readonly metrics: Metrics
}

const KINDS: Readonly<Record<string, NoticeKind>> = { win: 'win', billing: 'billing', loss: 'loss' }

/**
 * `GET` or `POST /openrtb2/notice/{win|billing|loss}/{token}`. Safe to repeat: a notice that was recorded before is
 * answered 200 as well. Only a token that we did not sign gets 404.
 */
export function noticeHandler({ bidder, metrics }: NoticeRouteDeps): (c: Ctx) => Response {
  return (c) => {
    const kind = KINDS[c.req.param('kind') ?? '']
    const token = kind && bidder.tokens.verify(c.req.param('token') ?? '')
    if (!kind || !token) {
      metrics.forgedNotices.inc()
      return c.body(null, 404)
    }
    const { price, cur: currency, loss } = c.req.query()
    const settled = settleNotice(bidder.notices, kind, token, { price, currency, loss })
    const { seat } = token
    metrics.notices.inc({ seat, kind, result: settled.is })
    if (settled.price !== undefined) metrics.noticePrices.inc({ seat, form: settled.price })
    if (settled.lossCode !== undefined) metrics.losses.inc({ seat, code: String(settled.lossCode) })
    bidder.stats.get(seat)?.countNotice(kind, settled.is, settled.delayMs)
    return c.body(null, 200)
  }
}
