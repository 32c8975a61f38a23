import { z } from '@hono/zod-openapi'
import type { Caller, Route } from '../../api/index.ts'
import {
  type Ctx,
  check,
  idShown,
  LISTED_PER_CALL,
  ok,
  okList,
  optionalReason,
  ReasonInput,
  ReasonQuery,
  readJson,
  reasonOf,
  reasonOfDeletion,
  wholeNumber,
} from '../../api/index.ts'
import type { Who } from '../../audit/index.ts'
import { AppError } from '../../errors.ts'
import { type Scope, STRICT } from '../../shield/index.ts'
import { firstInOrder } from '../../time/slices.ts'
import type { Agent } from '../agent.ts'
import { EXCHANGES, OPENRTB_SCOPE } from '../exchange/bidder.ts'
import type { WorkerPool } from '../exchange/worker-pool.ts'
import { areLower, type BudgetLimits, riskOf } from '../limit-risk.ts'
import { maySee, type Org, orgOf, ownId, shownName } from '../organisations.ts'
import { GLOBAL_SCOPE, isKeyScope, platformScope, scopesOf, spenderOf } from '../scopes.ts'
import { PENDING } from './approval-body.ts'
import { type AskedFirst, askFirst } from './ask-first.ts'
import {
  Budget,
  BudgetInput,
  budgetBody,
  type HoldsAround,
  revisionOf,
  specBody,
  toSpec,
} from './budget-body.ts'
import { Forecast, forecastBody } from './forecast.ts'
import { requireStored, tryStored } from './stored.ts'

/** How many budgets are refreshed from the store, and written into an answer, at a time. */
const AT_ONCE = 100

const ListQuery = z.object({
  limit: wholeNumber(1, 1_000).default(200),
  cursor: z.string().max(200).optional().openapi({ description: '`next` of the page before.' }),
})
const Page = z.object({
  budgets: z.array(Budget),
  next: z.string().optional().openapi({ description: 'Cursor of the next page; missing on the last.' }),
})

const ScopeParam = z.object({
  scope: z.string().openapi({
    example: 'platform:google_ads',
    description:
      '`campaign:meta:120@7` is that of a campaign that organisation 7 was given, which calls it `campaign:meta:120`.',
  }),
})
const one = { 200: { description: 'The budget now', schema: Budget } }

export interface BudgetParts extends Agent {
  readonly pool: WorkerPool
}

/** Routes of budgets: limits, holds and pauses of every scope. */
export function budgetRoutes(agent: BudgetParts): Route[] {
  return [
    listBudgets(agent),
    showBudget(agent),
    forecastBudget(agent),
    setLimits(agent),
    removeBudget(agent),
    pauseBudget(agent),
    resumeBudget(agent),
  ]
}

function listBudgets(agent: BudgetParts): Route {
  return {
    method: 'get',
    path: '/v1/budgets',
    summary: 'The budgets that the key may see, a page at a time',
    scope: 'read',
    query: ListQuery,
    answers: { 200: { description: 'Budgets: those of platforms first, then campaigns', schema: Page } },
    refusals: ['invalid_request'],
    async handle(c, { boundTo, charge }) {
      const { limit, cursor } = check(ListQuery, c.req.query())
      charge(limit / LISTED_PER_CALL)
      const { page, next } = await pageOf(agent.budget, boundTo, limit, cursor && nameOf(cursor, boundTo))
      for (let from = 0; from < page.length; from += AT_ONCE)
        await agent.budget.refresh(page.slice(from, from + AT_ONCE))
      const around = await holdsAround(agent, page)
      const show = (scope: Scope) => budgetBody(agent.budget.stats(scope), boundTo, around)
      const more = () => (next === undefined ? {} : { next: shownName(next, boundTo) })
      return okList('budgets', page, show, more)
    },
  }
}

function showBudget(agent: BudgetParts): Route {
  return {
    method: 'get',
    path: '/v1/budgets/{scope}',
    summary: 'One budget',
    scope: 'read',
    params: ScopeParam,
    answers: one,
    refusals: ['not_found'],
    handle: (c, caller) => showNow(agent, findScope(agent, c, caller), caller),
  }
}

function forecastBudget(agent: BudgetParts): Route {
  return {
    method: 'get',
    path: '/v1/budgets/{scope}/forecast',
    summary: 'When a budget is used up, and what a day comes to, if spending goes on as it does',
    scope: 'read',
    params: ScopeParam,
    answers: { 200: { description: 'The forecast of each limit', schema: Forecast } },
    refusals: ['not_found'],
    async handle(c, caller) {
      const scope = findScope(agent, c, caller)
      await agent.budget.refresh([scope])
      return ok(forecastBody(agent.budget.stats(scope), agent.clock.nowMs(), caller.boundTo))
    },
  }
}

function setLimits(agent: BudgetParts): Route {
  return {
    method: 'put',
    path: '/v1/budgets/{scope}',
    summary: 'Replace the limits; what is spent stays spent',
    scope: 'operate',
    params: ScopeParam,
    body: BudgetInput,
    example: {
      limits: [
        { kind: 'sliding', windowSeconds: 600, max: 500 },
        { kind: 'day', timezone: 'Europe/Berlin', max: 2000 },
      ],
    },
    answers: { ...one, ...PENDING },
    refusals: [
      'invalid_request',
      'not_found',
      'changed_meanwhile',
      'payload_too_large',
      'unsupported_media_type',
      'too_many_approvals',
      'records_unavailable',
    ],
    async handle(c, caller) {
      const { limits, holdMode: wanted, revision, reason } = await readJson(c, BudgetInput)
      const name =
        caller.boundTo === undefined ? (c.req.param('scope') ?? '') : findScope(agent, c, caller).name
      requireChangeable(name, caller)
      const currency = agent.budget.scope(name)?.currency ?? currencyOf(agent, name)
      const holdMode = wanted ?? (isExchanges(name) ? agent.exchangeHoldMode : STRICT)
      const next = { currency, limits: limits.map(toSpec), holdMode }
      const lowersRisk = areLower(agent.budget.scope(name), next)
      if (!lowersRisk) requireAdminOfKey(name, caller)
      requireUnchanged(agent.budget.scope(name), next, revision)
      const change = { name, next, lowersRisk, seen: revision, reason: reasonOf(c, reason) }
      const asked = await askToSetLimits(agent, caller, change)
      if (asked.is === 'pending') return asked.answer
      const scope = await setLimitsOf(agent, caller, change)
      const shown = await showNow(agent, scope, caller)
      const warning = scope.limits.length === 0 ? withoutLimit(agent, name, caller) : undefined
      return told200(shown, { advice: asked.advice, warning })
    },
  }
}

/** An answer with what else is to be said. */
const told200 = (shown: Awaited<ReturnType<typeof showNow>>, more: object) => ({
  ...shown,
  body: { ...shown.body, ...more },
})

/** Limits that a budget is to have. */
export interface LimitsChange {
  readonly name: string
  readonly next: BudgetLimits
  readonly lowersRisk: boolean
  /** Revision of the budget that was looked at; undefined where it does not matter. */
  readonly seen: string | undefined
  readonly reason: string | undefined
}

/** Sets the limits, and says who wanted them. @throws AppError `changed_meanwhile` */
export function setLimitsOf(
  agent: Agent,
  who: Who,
  { name, next, lowersRisk, seen, reason }: LimitsChange,
): Promise<Scope> {
  const values = () => ({ from: limitsValue(agent.budget.scope(name)), to: limitsValue(next) })
  const change = { action: 'limits.set', target: name, values, reason, lowersRisk } as const
  return agent.audit.record(who, change, async () => {
    // Checked again, because recording the change may take a while.
    requireUnchanged(agent.budget.scope(name), next, seen)
    const scope = agent.budget.define(name, next.currency, next.limits, 'operator', next.holdMode)
    await requireStored(agent)
    return scope
  })
}

/** Asks for an approval where the limits allow more than before. */
async function askToSetLimits(
  agent: Agent,
  caller: Caller,
  { name, next, lowersRisk, reason }: LimitsChange,
): Promise<AskedFirst> {
  if (lowersRisk) return { is: 'allowed' }
  const before = agent.budget.scope(name)
  return askFirst(agent, caller, {
    kind: 'limits',
    scope: name,
    change: riskOf(before, next),
    values: { from: limitsValue(before), to: limitsValue(next) },
    reason,
    work: { next, before: before ? revisionOf(before) : null },
  })
}

/** Throws 409 if the budget is not the one that the caller has seen, unless the change only lowers its limits. */
function requireUnchanged(now: Scope | undefined, next: BudgetLimits, seen: string | undefined): void {
  if (seen === undefined || (now && revisionOf(now) === seen) || areLower(now, next)) return
  const detail = 'Somebody has changed this budget meanwhile: look at it again, then change it'
  throw new AppError('changed_meanwhile', detail, 'never', { field: 'revision' })
}

/**
 * A sentence about what bounds the spending of a scope without a limit of its own: the limits of the scopes that pay
 * with it.
 */
function withoutLimit({ budget }: Agent, name: string, { boundTo }: Caller): string {
  const spender = spenderOf(name)
  const payers = spender
    ? scopesOf(budget, spender.platform, spender.campaignId, spender)
    : [budget.scope(GLOBAL_SCOPE)]
  const bounding = payers.filter((one) => one !== undefined && one.name !== name && one.limits.length > 0)
  const shown = shownName(name, boundTo)
  if (bounding.length === 0)
    return `${shown} has no limit now, and nothing else bounds all that is spent on it`
  const names = bounding.map((one) => one?.name).join(', ')
  return `${shown} has no limit now: what is spent on it is bounded only by ${names}`
}

function removeBudget(agent: BudgetParts): Route {
  return {
    method: 'delete',
    path: '/v1/budgets/{scope}',
    summary:
      'Forget the budget of a campaign on a platform, and take it from the organisation it was given to',
    scope: 'operate',
    isOperators: true,
    params: ScopeParam,
    query: ReasonQuery,
    answers: { 200: { description: 'The budget as it was', schema: Budget }, ...PENDING },
    refusals: ['invalid_request', 'not_found', 'too_many_approvals', 'records_unavailable'],
    async handle(c, caller) {
      const scope = findScope(agent, c, caller)
      if (isKeyScope(scope.name))
        throw new AppError('invalid_request', 'scope: goes with its key, DELETE /v1/keys/{name}')
      if (!isCampaign(scope)) throw operatorsToChange(scope.name)
      if (scope.name.startsWith(`campaign:${EXCHANGES}:`))
        throw new AppError('invalid_request', 'scope: goes with its campaign, DELETE /v1/campaigns/{id}')
      const shown = await showNow(agent, scope, caller)
      const reason = await reasonOfDeletion(c)
      const asked = await askFirst(agent, caller, {
        kind: 'budget_removal',
        scope: scope.name,
        change: isPaused(scope)
          ? { is: 'resume' }
          : { is: 'limits', raised: [], removesLimit: scope.limits.length > 0, loosensHoldMode: false },
        values: { from: limitsValue(scope) },
        reason,
        work: { before: revisionOf(scope), pause: pauseValue(scope) },
      })
      if (asked.is === 'pending') return asked.answer
      await removeBudgetOf(agent, caller, scope, reason)
      return told200(shown, { advice: asked.advice })
    },
  }
}

/** Forgets a budget, and says who wanted that. */
export function removeBudgetOf(
  agent: Agent,
  who: Who,
  scope: Scope,
  reason: string | undefined,
): Promise<void> {
  const values = () => ({ from: limitsValue(scope) })
  const about = { action: 'budget.removed', target: scope.name, values, reason } as const
  // Without the organisation's limits the operator may bid more there, so this raises risk.
  return agent.audit.record(who, { ...about, lowersRisk: false }, async () => {
    agent.budget.remove(scope.name)
    await requireStored(agent)
  })
}

function pauseBudget(agent: BudgetParts): Route {
  return {
    method: 'post',
    path: '/v1/budgets/{scope}/pause',
    summary: 'Refuse every bid on this scope from now on',
    lowersRisk: true,
    scope: 'operate',
    params: ScopeParam,
    body: ReasonInput,
    isBodyOptional: true,
    example: { reason: 'the landing page is down' },
    answers: one,
    refusals: ['invalid_request', 'not_found'],
    async handle(c, caller) {
      // Pausing lowers risk, so it works without a budget: a campaign without one gets an empty budget to carry the
      // pause. Every campaign of an organisation has a budget, since that is how the operator gives it.
      const name = c.req.param('scope') ?? ''
      const scope =
        caller.boundTo === undefined
          ? (agent.budget.scope(name) ?? scopeToPause(agent, name))
          : findScope(agent, c, caller)
      const reason = await optionalReason(c)
      const values = () => ({ from: pauseValue(scope), to: { paused: true } })
      const about = { action: 'budget.paused', target: scope.name, values, reason } as const
      return agent.audit.record(caller, { ...about, lowersRisk: true }, async () => {
        agent.budget.pause(scope, reason ?? 'paused by an operator')
        await tryStored(agent)
        return showNow(agent, scope, caller)
      })
    },
  }
}

function resumeBudget(agent: BudgetParts): Route {
  return {
    method: 'post',
    path: '/v1/budgets/{scope}/resume',
    summary: 'Take bids on this scope again',
    scope: 'operate',
    params: ScopeParam,
    body: ReasonInput,
    isBodyOptional: true,
    example: { reason: 'the landing page is back' },
    answers: { ...one, ...PENDING },
    refusals: ['invalid_request', 'not_found', 'forbidden', 'too_many_approvals', 'records_unavailable'],
    async handle(c, caller) {
      const scope = findScope(agent, c, caller)
      requireChangeable(scope.name, caller)
      requireAdminOfKey(scope.name, caller)
      const reason = await optionalReason(c)
      const asked = await askToResume(agent, caller, scope, reason)
      if (asked.is === 'pending') return asked.answer
      await resumeOf(agent, caller, scope, reason)
      return told200(await showNow(agent, scope, caller), { advice: asked.advice })
    },
  }
}

async function askToResume(
  agent: Agent,
  caller: Caller,
  scope: Scope,
  reason: string | undefined,
): Promise<AskedFirst> {
  if (!isPaused(scope)) return { is: 'allowed' }
  return askFirst(agent, caller, {
    kind: 'resume',
    scope: scope.name,
    change: { is: 'resume' },
    values: { from: pauseValue(scope), to: { paused: false } },
    reason,
    work: { pause: pauseValue(scope) },
  })
}

/** Ends a pause, and says who wanted that. */
export function resumeOf(agent: Agent, who: Who, scope: Scope, reason: string | undefined): Promise<void> {
  const values = () => ({ from: pauseValue(scope), to: { paused: false } })
  const about = { action: 'budget.resumed', target: scope.name, values, reason } as const
  return agent.audit.record(who, { ...about, lowersRisk: false }, async () => {
    agent.budget.resume(scope)
    await requireStored(agent)
  })
}

async function showNow(parts: BudgetParts, scope: Scope, { boundTo }: Caller) {
  const { budget } = parts
  await budget.refresh([scope])
  return ok(budgetBody(budget.stats(scope), boundTo, await holdsAround(parts, [scope])))
}

/** What workers hold of these budgets, and how far all open bids could exceed a limit. */
export async function holdsAround(
  { pool, worstCase, clock }: Pick<BudgetParts, 'pool' | 'worstCase' | 'clock'>,
  scopes: readonly Scope[],
): Promise<HoldsAround> {
  const { holds, silent } = await pool.holdsOf(scopes.map(({ name }) => name))
  return { holds: Map.groupBy(holds, ({ scope }) => scope), silent, worstCase, nowMs: clock.nowMs() }
}

/** The budget that the address names; throws 404 where there is none that the caller may see. */
const findScope = (agent: Agent, c: Ctx, caller: Caller): Scope =>
  scopeNamed(agent, c.req.param('scope') ?? '', caller)

/** The budget that a caller calls so; throws 404 where there is none that the caller may see. */
export function scopeNamed({ budget }: Pick<Agent, 'budget'>, said: string, { boundTo }: Caller): Scope {
  const name = nameOf(said, boundTo)
  const scope = maySee(name, boundTo) ? budget.scope(name) : undefined
  if (!scope) throw new AppError('not_found', `There is no budget for ${idShown(said)}`)
  return scope
}

/** Limits in the form in which the audit records them. */
const limitsValue = (of: BudgetLimits | undefined) =>
  of && {
    currency: of.currency,
    limits: of.limits.map(specBody),
    ...(of.holdMode.is === 'bounded' && { holdMode: of.holdMode }),
  }

const isPaused = ({ pause }: Scope): boolean => pause.is === 'paused'
export const pauseValue = ({ pause }: Scope) =>
  pause.is === 'paused' ? { paused: true, reason: pause.reason } : { paused: false }

const CAMPAIGN = 'campaign:'
/** Whether only bids on exchanges are paid from the budget. */
const isExchanges = (name: string): boolean =>
  name === OPENRTB_SCOPE || name.startsWith(`${CAMPAIGN}${EXCHANGES}:`)
const isCampaign = ({ name }: Pick<Scope, 'name'>): boolean => name.startsWith(CAMPAIGN)

/**
 * One page of budgets: platforms and the shared ones first, in the order of definition, then campaigns by name.
 * @param cursor name of the first budget on the page
 */
async function pageOf(budget: Agent['budget'], boundTo: Org, limit: number, cursor: string | undefined) {
  const own = () => budget.scopes.map(({ name }) => name).filter((name) => maySee(name, boundTo))
  const isAmongCampaigns = cursor?.startsWith(CAMPAIGN)
  const others = isAmongCampaigns ? [] : [...own().filter((name) => !isCampaign({ name }))]
  const from = cursor === undefined || isAmongCampaigns ? 0 : Math.max(0, others.indexOf(cursor))
  const first = others.slice(from, from + limit + 1)
  const campaigns = own().filter(
    (name) => isCampaign({ name }) && (!isAmongCampaigns || name >= (cursor ?? '')),
  )
  const names = [...first, ...(await firstInOrder(campaigns, limit + 1 - first.length))]
  const page = names.slice(0, limit).flatMap((name) => budget.scope(name) ?? [])
  return { page, next: names[limit] }
}

/** Full name of a scope that the caller names: an organisation names its campaigns and keys without its number. */
const nameOf = (name: string, boundTo: Org): string =>
  isCampaign({ name }) || isKeyScope(name) ? ownId(name, boundTo) : name

/**
 * Throws 403 if a caller of an organisation names a budget that is not of a campaign or a key: all others are for the
 * operator to change.
 */
function requireChangeable(name: string, { boundTo }: Caller): void {
  if (boundTo !== undefined && !isCampaign({ name }) && !isKeyScope(name)) throw operatorsToChange(name)
}

const operatorsToChange = (name: string): AppError =>
  new AppError('forbidden', `${name} is the operator's to change; a campaign's budget is not`)

/**
 * Throws 403 if the change of a key's budget lets the key spend more, and the caller may not make keys or may itself be
 * that key.
 */
export function requireAdminOfKey(scope: string, { name, may, payingKey }: Caller): void {
  if (!isKeyScope(scope)) return
  if (payingKey !== undefined)
    throw new AppError(
      'forbidden',
      `The API key ${name} has a budget of its own, so it cannot raise the budget of a key`,
    )
  if (may('admin')) return
  const detail = `What an API key may spend is raised with the scope admin alone; the API key ${name} lacks it`
  throw new AppError('forbidden', detail)
}

/** The scope that pays besides a campaign's. Throws 400 for a name that is not a scope an operator may create. */
function ownerOf({ budget }: Agent, name: string): Scope {
  const [, platform = ''] = /^campaign:(\w+):[A-Za-z0-9_-]{1,64}(?:@[1-9]\d{0,8})?$/.exec(name) ?? []
  const owner = budget.scope(platformScope(platform))
  // The budget of a campaign for exchanges is defined with the campaign.
  if (!owner || owner.name === OPENRTB_SCOPE) {
    const platforms = [...budget.scopes.map((one) => one.name)].filter((one) =>
      one.startsWith(platformScope('')),
    )
    const known = [
      'global',
      ...platforms,
      'campaign:<platform>:<id>',
      'campaign:<platform>:<id>@<organisation>',
      'key:<name> of an API key that was made with a budget',
    ].join(', ')
    throw new AppError('invalid_request', `scope: must be one of ${known}`, 'never', { field: 'scope' })
  }
  return owner
}

/**
 * Currency of a scope that does not exist yet. Throws 400 for a name that is not a scope, or when there are as many
 * scopes as allowed.
 */
function currencyOf(agent: Agent, name: string): string {
  const { currency } = ownerOf(agent, name)
  const most = agent.tables.limits.budgets
  if (agent.budget.scopeCount < most) return currency
  const detail = `scope: there are ${most} budgets already, as many as TABLE_LIMITS lets there be`
  throw new AppError('invalid_request', detail, 'never', { field: 'scope' })
}

/**
 * The scope that carries the pause of a campaign without a budget: a new empty one, for which places are reserved. When
 * those are taken too, the platform is paused: pausing more than asked is safe, pausing nothing is not.
 */
function scopeToPause(agent: Agent, name: string): Scope {
  const { budget, tables } = agent
  const owner = ownerOf(agent, name)
  const most = tables.limits.budgets + tables.limits.paused_budgets
  if (budget.scopeCount >= most && !forgetIdle(budget, most)) return owner
  return budget.define(name, owner.currency, [], 'operator')
}

/** Removes empty budgets whose pause has ended. Returns whether there are fewer than `most` scopes then. */
function forgetIdle(budget: Agent['budget'], most: number): boolean {
  const isIdle = (scope: Scope) =>
    isCampaign(scope) &&
    !scope.name.startsWith(`${CAMPAIGN}${EXCHANGES}:`) &&
    orgOf(scope.name) === undefined &&
    scope.limits.length === 0 &&
    scope.pause.is !== 'paused'
  for (const { name } of [...budget.scopes].filter(isIdle)) budget.remove(name)
  // `scopeCount` still has the removed scopes for a moment, so the others are counted.
  return [...budget.scopes].length < most
}
