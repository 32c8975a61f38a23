import { z } from '@hono/zod-openapi'
import type { Route } from '../../api/index.ts'
import { ok, okList } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { micros, toUnits } from '../../money.ts'
import type { Agent } from '../agent.ts'
import type { Org } from '../organisations.ts'
import type { Bidder, SeatConfig } from './bidder.ts'
import { NO_BID_REASONS, type NoBidReason } from './openrtb/index.ts'
import { seatTestRoute } from './seat-test.ts'
import { ShadingBody, shadingBody } from './shading-body.ts'
import type { WorkerPool } from './worker-pool.ts'

const SeatBody = z
  .object({
    seat: z.string(),
    org: z.int().optional().openapi({ description: 'Whose it is; missing where all share it.' }),
    billOn: z.enum(['billing', 'win']),
    holdSeconds: z.number(),
    qps: z.number(),
    requests: z.number(),
    answered: z.number().openapi({ description: 'Requests answered with a bid.' }),
    bids: z.number(),
    bidRate: z.number().openapi({ description: 'Share of requests answered with a bid.' }),
    wins: z.number(),
    billed: z.number().openapi({ description: 'Bids that were billed.' }),
    winRate: z.number().openapi({ description: 'Bids billed over bids made.' }),
    losses: z.number(),
    noticeDelayMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).optional(),
    tooLate: z.number().openapi({ description: 'Requests whose tmax left no time to answer.' }),
    shed: z
      .number()
      .openapi({ description: 'Requests answered without a bid because the process was overloaded.' }),
    noBids: z
      .array(z.object({ reason: z.enum(NO_BID_REASONS), imps: z.int() }))
      .openapi({ description: 'Impressions without a bid since the start, by reason, the commonest first.' }),
    shading: z.array(ShadingBody).openapi({
      description:
        'What was learned of the prices of first-price auctions, by class of slot; see docs/openrtb.md. Missing classes had none.',
    }),
    currency: z.string().openapi({ description: 'Of `held` and `overdraft`.' }),
    held: z.number().openapi({ description: 'Held for the open bids of this seat.' }),
    overdraft: z
      .number()
      .openapi({ description: 'Billed for bids of this seat although no limit had room, since the start.' }),
  })
  .openapi('Seat')

/** Routes that show the state of seats, and that test one. */
export function seatRoutes(agent: Agent, bidder: Bidder, pool: WorkerPool): Route[] {
  const parts = { agent, bidder, pool }
  return [listSeats(parts), showSeat(parts), seatTestRoute(bidder)]
}

interface SeatParts {
  readonly agent: Pick<Agent, 'budget' | 'metrics'>
  readonly bidder: Bidder
  readonly pool: WorkerPool
}

function listSeats(parts: SeatParts): Route {
  return {
    method: 'get',
    path: '/v1/seats',
    summary: 'How all exchange seats are doing',
    scope: 'read',
    answers: {
      200: {
        description: 'In the order of the configuration',
        schema: z.object({ seats: z.array(SeatBody) }),
      },
    },
    refusals: [],
    async handle(_, { boundTo }) {
      const seen = [...parts.bidder.seats.values()].filter((seat) => maySeeSeat(seat, boundTo))
      await gathered(parts)
      return okList('seats', seen, (seat) => seatBody(parts, seat))
    },
  }
}

function showSeat(parts: SeatParts): Route {
  return {
    method: 'get',
    path: '/v1/seats/{seat}',
    summary: 'How an exchange seat is doing',
    scope: 'read',
    params: z.object({ seat: z.string() }),
    answers: { 200: { description: 'The seat', schema: SeatBody } },
    refusals: ['not_found'],
    async handle(c, { boundTo }) {
      const seat = parts.bidder.seats.get(c.req.param('seat') ?? '')
      if (!seat || !maySeeSeat(seat, boundTo)) throw new AppError('not_found', 'There is no such seat')
      await gathered(parts)
      return ok(seatBody(parts, seat))
    },
  }
}

/** The state of a shared seat would reveal what others bid. */
const maySeeSeat = ({ org }: SeatConfig, boundTo: Org): boolean => boundTo === undefined || org === boundTo

async function gathered({ agent, pool }: SeatParts): Promise<void> {
  await pool.gather()
  agent.budget.expire()
}

function seatBody({ agent, bidder, pool }: SeatParts, seat: SeatConfig): z.output<typeof SeatBody> {
  const { id, org, billOn, hold } = seat
  const stats = bidder.statsOf(id)
  const delay = stats.delay()
  return {
    seat: id,
    ...(org !== undefined && { org }),
    billOn,
    holdSeconds: hold.ttlMs / 1000,
    qps: stats.qps(),
    requests: stats.requests,
    answered: stats.answered,
    bids: stats.bids,
    bidRate: share(stats.answered, stats.requests),
    wins: stats.wins,
    billed: stats.billed,
    winRate: share(stats.billed, stats.bids),
    losses: stats.losses,
    ...(delay && { noticeDelayMs: delay }),
    tooLate: stats.tooLate,
    shed: stats.shed,
    noBids: noBidsOf(agent, id),
    shading: bidder.shader.shown(id).map(shadingBody),
    currency: bidder.decide.currency,
    held: toUnits(micros(bidder.decide.auctionBudget.heldFor(id) + pool.heldFor(id))),
    overdraft: toUnits(micros(stats.overdraft)),
  }
}

const noBidsOf = ({ metrics }: SeatParts['agent'], seat: string) =>
  metrics.noBids.all
    .filter(({ labels }) => labels.seat === seat)
    // The label is a reason wherever it is counted.
    .map(({ labels, count }) => ({ reason: labels.reason as NoBidReason, imps: count }))
    .sort((a, b) => b.imps - a.imps)

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
