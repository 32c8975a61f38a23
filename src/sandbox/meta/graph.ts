import type { Clock } from '../../time/clock.ts'
import type { SandboxAccount } from '../ledger.ts'
import { bearerToken, type Call, type JsonObject, type Played, type SandboxReply } from '../protocol.ts'
import { metaErrorNamed, refuse, refuseParameter, usageOfInsights } from './errors.ts'
import type { MetaOauth } from './oauth.ts'
import { listPage } from './page.ts'
import { ofTheObject, paramsOf } from './params.ts'
import { type AdAccount, createMetaReports, failedRun } from './reports.ts'
import {
  ACCOUNT_ID,
  adSetFields,
  businessFields,
  campaignFields,
  createMetaState,
  type GraphNode,
  type MetaState,
  type PlayedCampaign,
} from './state.ts'
import { createMetaWriter } from './write.ts'

const PATH = /^\/v\d{2}\.0\/([^/]+)(?:\/([^/]+))?$/
/** Ids of campaigns in the second account begin with it. */
const JAPAN = 'jp'

interface PlayedAccount extends AdAccount {
  readonly fields: JsonObject
  readonly writer: ReturnType<typeof createMetaWriter>
}

/**
 * Meta's Graph API for one business with two ad accounts.
 * @param isRevoked whether all tokens are answered as revoked
 * @param reportMs how long a report takes to be made, in milliseconds
 */
export function createMeta(
  account: SandboxAccount,
  accessToken: string,
  oauth: MetaOauth,
  isRevoked: () => boolean,
  clock: Clock,
  reportMs: number,
): Played {
  const reports = createMetaReports(clock, reportMs)
  const accounts = adAccountsOf(account)

  const handle = (call: Call): SandboxReply => route(call, true)

  /** @param isApplied whether a change is made, or only answered */
  function route(call: Call, isApplied: boolean): SandboxReply {
    const params = paramsOf(call)
    const authorized = oauth.handle(call, params)
    if (authorized) return authorized
    const token = String(bearerToken(call.headers) ?? params['access_token'])
    if (isRevoked()) refuse(190, 467)
    if (token !== accessToken) oauth.check(token, params['appsecret_proof'])

    const [, id = '', edge] = PATH.exec(call.path) ?? []
    if (id === '') refuse(2500, undefined, 'Unknown path components')
    if (id === 'me') return ofUser(call, edge, params, token)
    const adAccount = accounts.find((one) => one.id === id)
    if (adAccount) return ofAccount(adAccount, edge, params, call)
    const run = reports.find(id)
    if (run && call.method === 'GET') {
      if (edge === undefined) return { status: 200, body: reports.status(run) }
      return edge === 'insights' ? figures(reports.result(run), params, call) : refuse(100, 33)
    }
    const { state, writer } = accounts[id.startsWith(JAPAN) ? 1 : 0] ?? refuse(100, 33)
    const found = state.find(id)
    if (call.method === 'GET')
      return edge === undefined ? read(found, params) : list(state, found, edge, params, call)
    if (call.method !== 'POST' || edge !== undefined) return refuse(100, 33)
    return write(writer, found, isApplied ? params : { ...params, execution_options: ['validate_only'] })
  }

  function ofUser(call: Call, edge: string | undefined, params: JsonObject, token: string): SandboxReply {
    if (call.method === 'DELETE' && edge === 'permissions') {
      oauth.revoke(token)
      return { status: 200, body: { success: true } }
    }
    if (call.method !== 'GET' || edge !== 'adaccounts') refuse(100, 33)
    const rows = accounts.map(({ fields }) => picked(fields, params, 'AdAccount'))
    // One at a time, so that a client has to turn pages.
    return { status: 200, body: listPage(rows, { ...params, limit: 1 }, call) }
  }

  function ofAccount(
    one: PlayedAccount,
    edge: string | undefined,
    params: JsonObject,
    call: Call,
  ): SandboxReply {
    const { state, writer } = one
    if (call.method === 'POST' && edge === 'insights') return reports.order(one, params)
    if (call.method === 'POST' && edge === 'campaigns')
      return { status: 200, body: { id: writer.createCampaign(ofTheObject(params)).id } }
    if (call.method !== 'GET') return refuse(100, 33)
    switch (edge) {
      case undefined:
        return { status: 200, body: picked(one.fields, params, 'AdAccount') }
      case 'insights':
        return figures(reports.readNow(one, params), params, call)
      case 'campaigns':
        return { status: 200, body: listPage(campaignRows(state, params), params, call) }
      case 'adsets': {
        const all = state.list().flatMap((campaign) => adSetRows(state, campaign, params))
        return { status: 200, body: listPage(all, params, call) }
      }
      default:
        return refuseParameter(`Tried accessing nonexisting field (${edge})`)
    }
  }

  return {
    handle,
    ignore: (call) => route(call, false),
    errorNamed: (name) => metaErrorNamed(name),
    jobFailed: ({ path }) => ({ status: 200, body: failedRun(PATH.exec(path)?.[1] ?? '') }),
  }
}

function adAccountsOf(account: SandboxAccount): readonly PlayedAccount[] {
  const own = createMetaState(account.currency)
  const inJapan: SandboxAccount = { ...account, currency: 'JPY' }
  const japan = createMetaState(inJapan.currency, JAPAN)
  return [
    {
      id: `act_${ACCOUNT_ID}`,
      state: own,
      writer: createMetaWriter(account, own),
      isLarge: false,
      fields: accountFields(`act_${ACCOUNT_ID}`, 'Sandbox account', account.currency, 'Europe/Berlin'),
    },
    {
      id: 'act_700000000000003',
      state: japan,
      writer: createMetaWriter(inJapan, japan),
      isLarge: true,
      fields: accountFields('act_700000000000003', 'Shop in Japan', inJapan.currency, 'Asia/Tokyo'),
    },
  ]
}

const accountFields = (id: string, name: string, currency: string, timezone_name: string) => ({
  id,
  account_id: id.slice('act_'.length),
  name,
  currency,
  timezone_name,
  account_status: 1,
})

const figures = (rows: JsonObject[], params: JsonObject, call: Call): SandboxReply => ({
  status: 200,
  headers: usageOfInsights(12),
  body: listPage(rows, params, call),
})

function read(found: GraphNode, params: JsonObject): SandboxReply {
  switch (found.is) {
    case 'business':
      return { status: 200, body: picked(businessFields(), params, 'Business') }
    case 'campaign':
      return { status: 200, body: picked(campaignFields(found.campaign), params, 'Campaign') }
    case 'ad_set':
      return { status: 200, body: picked(adSetFields(found.adSet, found.campaign), params, 'AdSet') }
  }
}

function write(writer: PlayedAccount['writer'], found: GraphNode, params: JsonObject): SandboxReply {
  if (found.is === 'business') return refuse(100, 33)
  if (found.is === 'campaign') writer.writeCampaign(found.campaign, ofTheObject(params))
  else writer.writeAdSet(found.adSet, found.campaign, ofTheObject(params))
  return { status: 200, body: { success: true } }
}

function list(
  state: MetaState,
  found: GraphNode,
  edge: string,
  params: JsonObject,
  call: Call,
): SandboxReply {
  if (found.is !== 'campaign' || edge !== 'adsets') {
    return refuseParameter(`Tried accessing nonexisting field (${edge})`)
  }
  return { status: 200, body: listPage(adSetRows(state, found.campaign, params), params, call) }
}

const campaignRows = (state: MetaState, params: JsonObject): JsonObject[] =>
  state
    .list()
    .filter(({ status }) => isShown(status, params))
    .map((campaign) => picked(campaignFields(campaign), params, 'Campaign'))

const adSetRows = (state: MetaState, campaign: PlayedCampaign, params: JsonObject): JsonObject[] =>
  state
    .adSetsOf(campaign)
    .filter(({ status }) => isShown(status, params))
    .map((adSet) => picked(adSetFields(adSet, campaign), params, 'AdSet'))

/** What is archived or deleted is only listed if the query asks for that status. */
function isShown(status: string, params: JsonObject): boolean {
  const asked = params['effective_status']
  if (asked === undefined) return status !== 'ARCHIVED' && status !== 'DELETED'
  return Array.isArray(asked) ? asked.includes(status) : refuseParameter('effective_status must be a list')
}

/** The requested fields that have a value, and always the id. */
function picked(all: JsonObject, params: JsonObject, type: string): JsonObject {
  const asked =
    typeof params['fields'] === 'string' ? params['fields'].split(',').map((name) => name.trim()) : []
  const unknown = asked.find((name) => !Object.hasOwn(all, name))
  if (unknown !== undefined) {
    refuseParameter(`Tried accessing nonexisting field (${unknown}) on node type (${type})`)
  }
  const kept = Object.entries(all).filter(
    ([name, value]) => value !== undefined && (name === 'id' || asked.includes(name)),
  )
  return Object.fromEntries(kept)
}
