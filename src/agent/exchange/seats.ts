import { z } from '@hono/zod-openapi'
import type { Route } from '../../api/index.ts'
import { ok } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { micros, toUnits } from '../../money.ts'
import type { Agent } from '../agent.ts'
import type { Bidder } from './bidder.ts'
import type { WorkerPool } from './worker-pool.ts'

const SeatBody = z
  .object({
    seat: z.string(),
    billOn: z.enum(['billing', 'win']),
    holdSeconds: z.number(),
    qps: z.number(),
    requests: z.number(),
    bids: z.number(),
    bidRate: z.number().openapi({ description: 'Share of requests answered with a bid.' }),
    winRate: z.number().openapi({ description: 'Bids billed over bids made.' }),
    losses: z.number(),
    noticeDelayMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).optional(),
    tooLate: z.number().openapi({ description: 'Requests whose tmax left no time to answer.' }),
    shed: z
      .number()
      .openapi({ description: 'Requests answered without a bid because the process was overloaded.' }),
    held: z.number().openapi({ description: 'Held for the open bids of this seat.' }),
    overdraft: z
      .number()
      .openapi({ description: 'Billed for bids of this seat although no limit had room, since the start.' }),
  })
  .openapi('Seat')

export function seatRoutes(agent: Agent, bidder: Bidder, pool: WorkerPool): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/seats/{seat}',
      summary: 'How an exchange seat is doing',
      scope: 'read',
      params: z.object({ seat: z.string() }),
      answers: { 200: { description: 'The seat', schema: SeatBody } },
      refusals: ['not_found'],
      async handle(c, { boundTo }) {
        const id = c.req.param('seat') ?? ''
        const seat = bidder.seats.get(id)
        if (!seat || (boundTo !== undefined && seat.org !== boundTo))
          throw new AppError('not_found', 'There is no such seat')
        await pool.gather()
        const stats = bidder.statsOf(id)
        agent.budget.expire()
        const delay = stats.delay()
        return ok({
          seat: id,
          billOn: seat.billOn,
          holdSeconds: seat.hold.ttlMs / 1000,
          qps: stats.qps(),
          requests: stats.requests,
          bids: stats.bids,
          bidRate: share(stats.answered, stats.requests),
          winRate: share(stats.billed, stats.bids),
          losses: stats.losses,
          ...(delay && { noticeDelayMs: delay }),
          tooLate: stats.tooLate,
          shed: stats.shed,
          held: toUnits(micros(bidder.decide.auctionBudget.heldFor(id) + pool.heldFor(id))),
          overdraft: toUnits(micros(stats.overdraft)),
        })
      },
    },
  ]
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
