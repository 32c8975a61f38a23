import { z } from '@hono/zod-openapi'
import { PLATFORMS, type SmartStatus } from '../../../connectors/index.ts'
import type { KillSwitch, ScopeStats } from '../../../shield/index.ts'
import { isoTime } from '../../../time/clock.ts'
import { type Approval, maySeeApproval } from '../../approvals/index.ts'
import { BidRecord, listedBody } from '../../bids/answer.ts'
import type { DecisionRecord } from '../../bids/decisions.ts'
import type { HeardNotice } from '../../exchange/notice-counts.ts'
import { maySee, type Org } from '../../organisations.ts'
import { ApprovalBody, approvalBody } from '../approval-body.ts'
import { Budget, budgetBody, type HoldsAround } from '../budget-body.ts'
import { KillSwitchBody, switchBody } from '../kill-switch.ts'

/** What a seat has counted over a period of time. */
export interface SeatCounts {
  readonly requests: number
  readonly answered: number
  readonly bids: number
  readonly wins: number
  readonly billed: number
  readonly losses: number
  readonly shed: number
}

/** An event of the feed, as references; its text is written when somebody reads it. */
export type FeedNews =
  | { readonly event: 'bid'; readonly record: DecisionRecord }
  | { readonly event: 'notice'; readonly org: Org; readonly atMs: number; readonly notice: HeardNotice }
  | {
      readonly event: 'auctions'
      readonly org: Org
      readonly seat: string
      readonly counts: SeatCounts
      readonly overMs: number
    }
  | { readonly event: 'budget'; readonly stats: ScopeStats; readonly around: HoldsAround }
  | {
      readonly event: 'breaker'
      readonly platform: SmartStatus['platform']
      readonly state: SmartStatus['breaker']['is']
    }
  | { readonly event: 'kill_switch'; readonly state: KillSwitch }
  | { readonly event: 'approval'; readonly approval: Approval }

const NoticeData = z.object({
  at: z.string(),
  seat: z.string(),
  kind: z.enum(['win', 'billing', 'loss']),
  result: z
    .string()
    .openapi({ description: 'What it moved: `settled`, `released`, `duplicate` and others.' }),
  delayMs: z.number().openapi({ description: 'From the bid to the notice, in milliseconds.' }),
  lossCode: z.int().optional().openapi({ description: 'As OpenRTB numbers it.' }),
})
const AuctionsData = z.object({
  seat: z.string(),
  overMs: z.number().openapi({ description: 'The stretch that the counts are of, in milliseconds.' }),
  requests: z.int(),
  answered: z.int().openapi({ description: 'Requests with a bid.' }),
  bids: z.int(),
  wins: z.int(),
  billed: z.int(),
  losses: z.int(),
  shed: z.int(),
})
const BreakerData = z.object({
  platform: z.enum(PLATFORMS),
  state: z.enum(['closed', 'open', 'half_open']),
})
const SkippedData = z.object({ bids: z.int(), notices: z.int() })

const ofEvent = <Name extends string, Data extends z.ZodType>(name: Name, data: Data) =>
  z.object({ id: z.string(), event: z.literal(name), data })

/** An event of the stream, by the fields of server-sent events; `data` is one line of JSON. */
export const StreamEvent = z
  .discriminatedUnion('event', [
    ofEvent('open', z.object({ resumed: z.boolean() })),
    ofEvent('reset', z.object({})),
    ofEvent('bid', BidRecord),
    ofEvent('notice', NoticeData),
    ofEvent('skipped', SkippedData),
    ofEvent('auctions', AuctionsData),
    ofEvent('budget', Budget),
    ofEvent('breaker', BreakerData),
    ofEvent('kill_switch', KillSwitchBody),
    ofEvent('approval', ApprovalBody),
  ])
  .openapi('StreamEvent')

/** Whether a caller bound to `org` may see the event; the operator may see all. */
export function isShownTo(org: Org, news: FeedNews): boolean {
  if (org === undefined) return true
  switch (news.event) {
    case 'bid':
      return news.record.org === org
    case 'notice':
    case 'auctions':
      return news.org === org
    case 'approval':
      return maySeeApproval(news.approval, org)
    case 'budget':
      return maySee(news.stats.scope, org)
    case 'breaker':
    case 'kill_switch':
      return false
  }
}

/** The event's data as a caller bound to `org` may see them. */
export function dataFor(org: Org, news: FeedNews): object {
  switch (news.event) {
    case 'bid':
      return listedBody(news.record, org)
    case 'notice':
      return noticeData(news)
    case 'auctions':
      return { seat: news.seat, overMs: news.overMs, ...news.counts } satisfies z.output<typeof AuctionsData>
    case 'budget':
      return budgetBody(news.stats, org, news.around)
    case 'breaker':
      return { platform: news.platform, state: news.state } satisfies z.output<typeof BreakerData>
    case 'kill_switch':
      return switchBody(news.state)
    case 'approval':
      return approvalBody(news.approval, org)
  }
}

function noticeData({ atMs, notice }: Extract<FeedNews, { event: 'notice' }>): z.output<typeof NoticeData> {
  const { is, delayMs, lossCode } = notice.settlement
  return {
    at: isoTime(atMs),
    seat: notice.seat,
    kind: notice.kind,
    result: is,
    delayMs,
    ...(lossCode !== undefined && { lossCode }),
  }
}
