import type { Played } from './exchange.ts'
import type { Account } from './ledger.ts'
import { metaErrorNamed, refuse, refuseParameter } from './meta-errors.ts'
import { ofTheObject, paramsOf } from './meta-params.ts'
import { adSetFields, businessFields, type Campaign, campaignFields, createMetaState } from './meta-state.ts'
import { createMetaWriter } from './meta-write.ts'
import { bearerToken, type Call, type Json, type Reply } from './protocol.ts'

const PATH = /^\/v\d{2}\.0\/([^/]+)(?:\/([^/]+))?$/
const DEFAULT_LIMIT = 25
const MAX_LIMIT = 500

/** Meta's Graph API for one business. `isRevoked` says whether the token is dead. */
export function createMeta(account: Account, accessToken: string, isRevoked: () => boolean): Played {
  const state = createMetaState(account.currency)
  const writer = createMetaWriter(account, state)

  function handle(call: Call): Reply {
    const params = paramsOf(call)
    const token = bearerToken(call.headers) ?? params['access_token']
    if (token !== accessToken) refuse(190)
    if (isRevoked()) refuse(190, 467, 'Error validating access token: The session was invalidated.')
    const [, id = '', edge] = PATH.exec(call.path) ?? []
    if (id === '') refuse(2500, undefined, 'Unknown path components')
    const found = state.find(id)
    if (call.method === 'GET')
      return edge === undefined ? read(found, params) : list(found, edge, params, call)
    if (call.method !== 'POST' || edge !== undefined || found.is === 'business') return refuse(100, 33)
    if (found.is === 'campaign') writer.writeCampaign(found.campaign, ofTheObject(params))
    else writer.writeAdSet(found.adSet, found.campaign, ofTheObject(params))
    return { status: 200, body: { success: true } }
  }

  function read(found: ReturnType<typeof state.find>, params: Json): Reply {
    switch (found.is) {
      case 'business':
        return { status: 200, body: picked(businessFields(), params, 'Business') }
      case 'campaign':
        return { status: 200, body: picked(campaignFields(found.campaign), params, 'Campaign') }
      case 'ad_set':
        return { status: 200, body: picked(adSetFields(found.adSet, found.campaign), params, 'AdSet') }
    }
  }

  function list(found: ReturnType<typeof state.find>, edge: string, params: Json, call: Call): Reply {
    if (found.is !== 'campaign' || edge !== 'adsets') {
      return refuseParameter(`Tried accessing nonexisting field (${edge})`)
    }
    return { status: 200, body: page(found.campaign, params, call) }
  }

  function page(campaign: Campaign, params: Json, call: Call): Json {
    const rows = state
      .adSetsOf(campaign)
      .map((adSet) => picked(adSetFields(adSet, campaign), params, 'AdSet'))
    const limit = params['limit'] === undefined ? DEFAULT_LIMIT : Number(params['limit'])
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
      refuseParameter('Param limit is not valid')
    const start = params['after'] === undefined ? 0 : positionOf(String(params['after']))
    const data = rows.slice(start, start + limit)
    if (data.length === 0) return { data }
    const end = start + data.length
    const cursors = { before: cursorAt(start), after: cursorAt(end) }
    return { data, paging: end < rows.length ? { cursors, next: nextUrl(call, cursors.after) } : { cursors } }
  }

  return { handle, errorNamed: (name) => metaErrorNamed(name) }
}

/** The asked fields that have a value, and always the id. */
function picked(all: Json, params: Json, type: string): Json {
  const asked =
    typeof params['fields'] === 'string' ? params['fields'].split(',').map((name) => name.trim()) : []
  const stranger = asked.find((name) => !Object.hasOwn(all, name))
  if (stranger !== undefined) {
    refuseParameter(`Tried accessing nonexisting field (${stranger}) on node type (${type})`)
  }
  const kept = Object.entries(all).filter(
    ([name, value]) => value !== undefined && (name === 'id' || asked.includes(name)),
  )
  return Object.fromEntries(kept)
}

const cursorAt = (position: number): string => Buffer.from(`at:${position}`).toString('base64url')

function positionOf(cursor: string): number {
  const position = /^at:(\d{1,6})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  return position === undefined ? refuseParameter('Invalid cursor') : Number(position)
}

function nextUrl({ headers, path, query }: Call, after: string): string {
  const next = new URLSearchParams(query)
  next.set('after', after)
  return `http://${headers.get('host')}/meta${path}?${next}`
}
