import type { Ctx } from '../api/index.ts'
import type { Metrics } from '../metrics.ts'
import type { BudgetManager } from '../shield/index.ts'
import type { Bidder } from './bidder.ts'
import { type NoticeKind, settleNotice } from './openrtb/index.ts'

export interface NoticeRouteDeps {
  readonly budget: BudgetManager
  readonly bidder: Bidder
  readonly metrics: Metrics
}

const KINDS: Readonly<Record<string, NoticeKind>> = { win: 'win', billing: 'billing', loss: 'loss' }

/**
 * `GET` or `POST /openrtb2/notice/{win|billing|loss}/{token}`. Safe to repeat: a notice that was recorded before is
 * answered 200 as well, but only once it is certain that a restart will know of it; 503 while that cannot be recorded, though
 * its money has moved. Only a token that we did not sign gets 404.
 */
export function noticeHandler({
  bidder,
  budget,
  metrics,
}: NoticeRouteDeps): (c: Ctx) => Response | Promise<Response> {
  return (c) => {
    const kind = KINDS[c.req.param('kind') ?? '']
    const token = kind && bidder.tokens.verify(c.req.param('token') ?? '')
    if (!kind || !token) {
      metrics.forgedNotices.add({})
      return c.body(null, 404)
    }
    const { price, cur: currency, loss } = c.req.query()
    const scopes = bidder.notices.scopesOf(token.campaign)
    const before = scopes.map(({ overdraft }) => overdraft)
    const settled = settleNotice(bidder.notices, kind, token, { price, currency, loss })
    const { seat } = token
    metrics.notices.add({ seat, kind, result: settled.is })
    if (settled.price !== undefined) metrics.noticePrices.add({ seat, form: settled.price })
    if (settled.lossCode !== undefined) metrics.losses.add({ seat, code: String(settled.lossCode) })
    const stats = bidder.statsOf(seat)
    // Whether a bill was overdrawn, the store says; it is one bill in all its scopes. Bills told together may be taken for
    // each other's, but only where all of them are overdrawn.
    const countOverdraft = () => {
      stats.overdraft += Math.max(0, ...scopes.map(({ overdraft }, i) => overdraft - (before[i] ?? 0)))
    }
    const told = settled.spent > 0 && settled.is === 'settled_late' ? budget.refresh(scopes) : undefined
    if (told) told.then(countOverdraft)
    else countOverdraft()
    if (stats.countNotice(kind, settled.is, settled.delayMs))
      metrics.noticeDelay.observe({ seat, kind }, settled.delayMs / 1000)
    const kept = bidder.noticesKept()
    if (!kept) return c.body(null, 200)
    return kept.then(
      () => c.body(null, 200),
      () => c.body(null, 503),
    )
  }
}
