import { setImmediate as turn } from 'node:timers/promises'
import { z } from '@hono/zod-openapi'
import type { Route } from '../api/index.ts'
import { type Ctx, check, ok, readJson, TimeZone } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { micros, toUnits } from '../money.ts'
import {
  type LimitSpec,
  type LimitStats,
  MAX_OVERSPEND_PROBABILITY,
  type Scope,
  type ScopeStats,
} from '../shield/index.ts'
import { type Agent, GLOBAL_SCOPE, platformScope } from './agent.ts'
import { Money } from './bid-request.ts'
import { OPENRTB_SCOPE } from './bidder.ts'
import { stored, told } from './stored.ts'

const MAX_WINDOW_SECONDS = 31 * 24 * 3600
/** Scopes kept at once; each costs a few kilobytes for its windows. */
const MAX_SCOPES = 20_000
/** Pausing needs no free place: scopes that were made only to carry a pause have places of their own. */
const MAX_PAUSED_SCOPES = 2 * MAX_SCOPES
/** Budgets that the store is asked for, and that are put into an answer, in one go. */
const AT_ONCE = 100

const LimitInput = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('sliding'),
      windowSeconds: z.number().int().min(1).max(MAX_WINDOW_SECONDS),
      max: Money,
    }),
    z.strictObject({ kind: z.literal('day'), timezone: TimeZone, max: Money }),
    z.strictObject({ kind: z.literal('lifetime'), max: Money }),
  ])
  .openapi('Limit')

const HoldModeInput = z
  .discriminatedUnion('is', [
    z.strictObject({ is: z.literal('strict') }),
    z.strictObject({
      is: z.literal('bounded'),
      maxOverspendProbability: z.number().positive().max(MAX_OVERSPEND_PROBABILITY),
    }),
  ])
  .openapi('HoldMode', {
    description:
      'How the money for open exchange bids is held: all of it, or what their bills may come to but for this probability. Platform bids are held in full.',
  })

const BudgetInput = z
  .strictObject({
    limits: z.array(LimitInput).max(10),
    holdMode: HoldModeInput.optional().openapi({ description: 'Strict when it is left out.' }),
  })
  .refine(({ limits }) => new Set(limits.map(windowKey)).size === limits.length, {
    message: 'must not name the same window twice',
    path: ['limits'],
  })
  .openapi('BudgetInput')

const Budget = z
  .object({
    scope: z.string().openapi({ example: 'platform:google_ads' }),
    currency: z.string(),
    paused: z.boolean(),
    pauseReason: z.string().optional(),
    overdraft: z.number(),
    elsewhere: z.number().openapi({ description: 'In the purses of other processes.' }),
    forfeited: z
      .object({ amount: z.number(), becomesSpendInMs: z.int() })
      .optional()
      .openapi({ description: 'Of processes that are gone; the first of it becomes spend then.' }),
    holdMode: HoldModeInput,
    holds: z
      .object({
        mode: z.enum(['strict', 'bounded']).openapi({ description: 'In effect now.' }),
        why: z.enum(['few_outcomes', 'win_rate_drifts']).optional(),
        held: z.number(),
        prices: z.number().openapi({ description: 'What all open bids may cost together.' }),
      })
      .openapi({ description: 'Of this process.' }),
    limits: z.array(
      z.object({
        kind: z.enum(['sliding', 'day', 'lifetime']),
        windowSeconds: z.number().optional(),
        timezone: z.string().optional(),
        max: z.number(),
        spent: z.number(),
        held: z.number(),
        remaining: z.number(),
        utilization: z.number(),
        nextReliefMs: z.number().optional(),
      }),
    ),
  })
  .openapi('Budget')

const ListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  cursor: z.string().max(200).optional().openapi({ description: '`next` of the page before.' }),
})
const Page = z.object({
  budgets: z.array(Budget),
  next: z.string().optional().openapi({ description: 'Cursor of the next page; missing on the last.' }),
})

const ScopeParam = z.object({ scope: z.string().openapi({ example: 'platform:google_ads' }) })
const PauseInput = z.strictObject({ reason: z.string().min(1).max(500).optional() }).openapi('PauseInput')
const one = { 200: { description: 'The budget now', schema: Budget } }

export function budgetRoutes(agent: Agent): Route[] {
  const { budget } = agent
  const show = async (scope: Scope) => {
    await budget.refresh([scope])
    return ok(budgetBody(budget.stats(scope)))
  }
  const find = (c: Ctx): Scope => {
    const name = c.req.param('scope') ?? ''
    const scope = budget.scope(name)
    if (!scope) throw new AppError('not_found', `There is no budget for ${name.slice(0, 100)}`)
    return scope
  }

  return [
    {
      method: 'get',
      path: '/v1/budgets',
      summary: 'The budgets, a page at a time',
      scope: 'read',
      query: ListQuery,
      answers: { 200: { description: 'Budgets: those of platforms first, then campaigns', schema: Page } },
      refusals: ['invalid_request'],
      async handle(c) {
        const { limit, cursor } = check(ListQuery, c.req.query())
        const { page, next } = pageOf([...budget.scopes], limit, cursor)
        const budgets: z.output<typeof Budget>[] = []
        for (let from = 0; from < page.length; from += AT_ONCE) {
          const some = page.slice(from, from + AT_ONCE)
          await budget.refresh(some)
          for (const scope of some) budgets.push(budgetBody(budget.stats(scope)))
          await turn()
        }
        return ok({ budgets, ...(next !== undefined && { next }) })
      },
    },
    {
      method: 'get',
      path: '/v1/budgets/{scope}',
      summary: 'One budget',
      scope: 'read',
      params: ScopeParam,
      answers: one,
      refusals: ['not_found'],
      handle: (c) => show(find(c)),
    },
    {
      method: 'put',
      path: '/v1/budgets/{scope}',
      summary: 'Replace the limits; what is spent stays spent',
      scope: 'admin',
      params: ScopeParam,
      body: BudgetInput,
      example: {
        limits: [
          { kind: 'sliding', windowSeconds: 600, max: 500 },
          { kind: 'day', timezone: 'Europe/Berlin', max: 2000 },
        ],
      },
      answers: one,
      refusals: ['invalid_request', 'payload_too_large', 'unsupported_media_type'],
      async handle(c) {
        const { limits, holdMode } = await readJson(c, BudgetInput)
        const name = c.req.param('scope') ?? ''
        const currency = budget.scope(name)?.currency ?? currencyOf(agent, name, MAX_SCOPES)
        const scope = budget.define(name, currency, limits.map(toSpec), 'operator', holdMode)
        agent.log.warn({ scope: name, limits, holdMode: scope.holdMode }, 'limits changed')
        await stored(agent)
        return show(scope)
      },
    },
    {
      method: 'post',
      path: '/v1/budgets/{scope}/pause',
      summary: 'Refuse every bid on this scope from now on',
      scope: 'admin',
      params: ScopeParam,
      body: PauseInput,
      isBodyOptional: true,
      example: { reason: 'the landing page is down' },
      answers: one,
      refusals: ['invalid_request'],
      async handle(c) {
        const name = c.req.param('scope') ?? ''
        // Pausing lowers risk, so it needs no budget: a campaign without one gets an empty one to carry the mark.
        const scope =
          budget.scope(name) ??
          budget.define(name, currencyOf(agent, name, MAX_PAUSED_SCOPES), [], 'operator')
        const reason = (await reasonOf(c)) ?? 'paused by an operator'
        budget.pause(scope, reason)
        agent.log.warn({ scope: scope.name, reason }, 'scope paused')
        await told(agent)
        return show(scope)
      },
    },
    {
      method: 'post',
      path: '/v1/budgets/{scope}/resume',
      summary: 'Take bids on this scope again',
      scope: 'admin',
      params: ScopeParam,
      answers: one,
      refusals: ['not_found'],
      async handle(c) {
        const scope = find(c)
        budget.resume(scope)
        agent.log.warn({ scope: scope.name }, 'scope resumed')
        await stored(agent)
        return show(scope)
      },
    },
  ]
}

/** Pausing needs no body; one may say why. */
async function reasonOf(c: Ctx): Promise<string | undefined> {
  const { 'content-length': length, 'transfer-encoding': chunked } = c.env.incoming.headers
  if (chunked === undefined && (length === undefined || length === '0')) return undefined
  return (await readJson(c, PauseInput)).reason
}

const isCampaign = ({ name }: Scope): boolean => name.startsWith('campaign:')

/** Platforms and what is above them first, in the order of their definition; campaigns by name. */
function pageOf(scopes: readonly Scope[], limit: number, cursor: string | undefined) {
  const campaigns = scopes.filter(isCampaign).sort((a, b) => (a.name < b.name ? -1 : 1))
  const all = [...scopes.filter((scope) => !isCampaign(scope)), ...campaigns]
  const from = cursor === undefined ? 0 : all.findIndex(({ name }) => name === cursor)
  // A campaign that was removed meanwhile: its page begins where it would have been.
  const found = from >= 0 ? from : all.findIndex((scope) => isCampaign(scope) && scope.name > (cursor ?? ''))
  const start = found >= 0 ? found : all.length
  return { page: all.slice(start, start + limit), next: all[start + limit]?.name }
}

/** The currency of a scope that does not exist yet; 400 for a name that is no scope, or when there are `most` already. */
function currencyOf({ budget }: Agent, name: string, most: number): string {
  const [, platform = ''] = /^campaign:(\w+):[A-Za-z0-9_-]{1,64}$/.exec(name) ?? []
  const owner = budget.scope(platformScope(platform))
  // A campaign for exchanges brings its budget with it.
  if (!owner || owner.name === OPENRTB_SCOPE) {
    const platforms = [...budget.scopes.map((one) => one.name)].filter((one) =>
      one.startsWith(platformScope('')),
    )
    const known = [...platforms, 'campaign:<platform>:<id>', GLOBAL_SCOPE].join(', ')
    throw new AppError('invalid_request', `scope: must be one of ${known}`, 'never', { field: 'scope' })
  }
  if (budget.scopeCount >= most) {
    throw new AppError('invalid_request', `scope: there are ${most} budgets already`, 'never', {
      field: 'scope',
    })
  }
  return owner.currency
}

function windowKey(limit: z.output<typeof LimitInput>): string {
  const { max: _, ...window } = limit
  return JSON.stringify(window)
}

function toSpec(limit: z.output<typeof LimitInput>): LimitSpec {
  if (limit.kind !== 'sliding') return limit
  return { kind: 'sliding', windowMs: limit.windowSeconds * 1000, max: limit.max }
}

function budgetBody({
  scope,
  currency,
  pause,
  overdraft,
  held,
  prices,
  holdMode,
  holdModeNow,
  elsewhere,
  forfeited,
  limits,
}: ScopeStats): z.output<typeof Budget> {
  return {
    scope,
    currency,
    paused: pause.is === 'paused',
    ...(pause.is === 'paused' && { pauseReason: pause.reason }),
    overdraft: toUnits(overdraft),
    elsewhere: toUnits(elsewhere),
    ...(forfeited.bookedInMs !== undefined && {
      forfeited: {
        amount: toUnits(micros(forfeited.amount)),
        becomesSpendInMs: Math.ceil(forfeited.bookedInMs),
      },
    }),
    holdMode,
    holds: {
      mode: holdModeNow.is,
      ...('why' in holdModeNow && { why: holdModeNow.why }),
      held: toUnits(held),
      prices: toUnits(prices),
    },
    limits: limits.map(limitBody),
  }
}

function limitBody({ spec, spent, held, remaining, utilization, nextReliefMs }: LimitStats) {
  return {
    kind: spec.kind,
    ...(spec.kind === 'sliding' && { windowSeconds: spec.windowMs / 1000 }),
    ...(spec.kind === 'day' && { timezone: spec.timezone }),
    max: toUnits(spec.max),
    spent: toUnits(spent),
    held: toUnits(held),
    remaining: toUnits(remaining),
    utilization,
    ...(nextReliefMs !== undefined && { nextReliefMs }),
  }
}
