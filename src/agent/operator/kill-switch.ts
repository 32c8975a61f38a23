import { z } from '@hono/zod-openapi'
import { type Caller, ok, Reason, type Route, readJson, reasonOf } from '../../api/index.ts'
import type { Who } from '../../audit/index.ts'
import { PLATFORMS, type PlatformName } from '../../connectors/index.ts'
import type { KillSwitch } from '../../shield/index.ts'
import { isoTime } from '../../time/clock.ts'
import type { Agent } from '../agent.ts'
import { GLOBAL_SCOPE } from '../scopes.ts'
import { Advice, PENDING } from './approval-body.ts'
import { type AskedFirst, askFirst } from './ask-first.ts'
import { requireStored, tryStored } from './stored.ts'

const KillSwitchInput = z
  .strictObject({
    engaged: z.boolean(),
    reason: Reason.optional(),
    pauseCampaigns: z.boolean().optional(),
  })
  .refine(({ engaged, pauseCampaigns }) => engaged || !pauseCampaigns, {
    message: 'goes with engaging only',
    path: ['pauseCampaigns'],
  })
  .openapi('KillSwitchInput')

const PauseResult = z.object({
  platform: z.enum(PLATFORMS),
  campaignId: z.string(),
  result: z.enum(['paused', 'refused', 'throttled', 'auth_lost', 'unavailable', 'unknown']),
  detail: z.string().optional(),
})

export const KillSwitchBody = z
  .object({
    engaged: z.boolean(),
    reason: z.string().optional(),
    since: z.string().optional(),
    campaigns: z.array(PauseResult).optional(),
    advice: Advice.optional(),
  })
  .openapi('KillSwitch')

const answers = { 200: { description: 'The switch now', schema: KillSwitchBody } }

/** Campaigns paused at the same time per platform, each over one HTTP connection. */
const CONCURRENT = 8

export function killSwitchRoutes(agent: Agent): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/kill-switch',
      summary: 'Whether bidding is stopped',
      scope: 'read',
      isOperators: true,
      answers,
      refusals: [],
      handle: () => ok(switchBody(agent.budget.killSwitch)),
    },
    {
      method: 'post',
      path: '/v1/kill-switch',
      summary:
        'Stop every bid from the next request on, and pause the campaigns if asked; or let bids through again',
      scope: 'operate',
      lowersRisk: true,
      isOperators: true,
      body: KillSwitchInput,
      example: { engaged: true, reason: 'prices look wrong', pauseCampaigns: false },
      answers: { ...answers, ...PENDING },
      refusals: [
        'invalid_request',
        'payload_too_large',
        'unsupported_media_type',
        'too_many_approvals',
        'records_unavailable',
      ],
      async handle(c, caller) {
        const { engaged, reason: said, pauseCampaigns = false } = await readJson(c, KillSwitchInput)
        const reason = reasonOf(c, said)
        const asked = engaged ? undefined : await askToRelease(agent, caller, reason)
        if (asked?.is === 'pending') return asked.answer
        await switchTo(agent, caller, { engaged, pauseCampaigns, reason })
        const campaigns = pauseCampaigns ? await pauseAll(agent) : undefined
        return ok({
          ...switchBody(agent.budget.killSwitch),
          ...(campaigns && { campaigns }),
          ...(asked?.advice && { advice: asked.advice }),
        })
      },
    },
  ]
}

async function askToRelease(agent: Agent, caller: Caller, reason: string | undefined): Promise<AskedFirst> {
  const now = switchBody(agent.budget.killSwitch)
  if (!now.engaged) return { is: 'allowed' }
  return askFirst(agent, caller, {
    kind: 'kill_switch_release',
    scope: GLOBAL_SCOPE,
    change: { is: 'resume' },
    values: { from: now, to: { engaged: false } },
    reason,
    work: { now },
  })
}

interface SwitchChange {
  readonly engaged: boolean
  readonly pauseCampaigns: boolean
  readonly reason: string | undefined
}

/** Engages or releases the kill switch, and says who wanted that. */
export function switchTo(
  agent: Agent,
  who: Who,
  { engaged, pauseCampaigns, reason }: SwitchChange,
): Promise<void> {
  const change = {
    action: engaged ? 'kill_switch.engaged' : 'kill_switch.released',
    target: GLOBAL_SCOPE,
    values: () => ({ from: switchBody(agent.budget.killSwitch), to: { engaged, pauseCampaigns } }),
    reason,
    lowersRisk: engaged,
  } as const
  return agent.audit.record(who, change, async () => {
    if (engaged) agent.budget.engageKillSwitch(reason ?? 'engaged by an operator')
    else agent.budget.releaseKillSwitch()
    const data = { engaged, ...(reason !== undefined && { reason }), by: who.name }
    agent.tell({ kind: 'kill_switch_changed', subject: GLOBAL_SCOPE, data })
    await (engaged ? tryStored(agent) : requireStored(agent))
  })
}

type Paused = z.output<typeof PauseResult>

/**
 * Pauses every campaign that this process has placed a bid on, regardless of limits and breakers. A failure does not
 * stop the others.
 */
async function pauseAll(agent: Agent): Promise<Paused[]> {
  const perPlatform = await Promise.all(PLATFORMS.map((platform) => pauseOn(agent, platform)))
  return perPlatform.flat()
}

async function pauseOn(agent: Agent, platform: PlatformName): Promise<Paused[]> {
  const connector = agent.connectors[platform]
  const left = connector.campaigns()
  const results: Paused[] = []
  async function work(): Promise<void> {
    for (let campaignId = left.pop(); campaignId !== undefined; campaignId = left.pop()) {
      const outcome = await connector.pauseCampaign(campaignId)
      results.push(
        outcome.is === 'accepted'
          ? { platform, campaignId, result: 'paused' }
          : { platform, campaignId, result: outcome.is, detail: outcome.detail },
      )
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT }, work))
  return results
}

export function switchBody(state: KillSwitch): z.output<typeof KillSwitchBody> {
  if (state.is === 'released') return { engaged: false }
  return { engaged: true, reason: state.reason, since: isoTime(state.sinceMs) }
}
