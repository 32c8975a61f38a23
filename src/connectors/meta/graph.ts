import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { HttpRequest } from '../../http/http.ts'
import { type AskStep, type AskTalk, bodyOf, WRITES } from '../platform/steps.ts'
import type { MetaAccount } from './account.ts'
import type { GraphDoor } from './requests.ts'

/** Meta sends money as text in minor units. */
const Minor = z.union([z.int().min(0), z.string().regex(/^\d{1,15}$/)]).transform(Number)

const Node = z.object({
  id: z.string(),
  name: z.string().optional(),
  currency: z.string().optional(),
  timezone_name: z.string().optional(),
})

const GraphCampaign = z.object({
  id: z.string(),
  status: z.string().optional(),
  daily_budget: Minor.optional(),
  lifetime_budget: Minor.optional(),
})
export type GraphCampaign = Readonly<z.output<typeof GraphCampaign>>

const GraphAdSet = z.object({
  id: z.string().regex(/^[\w-]+$/),
  status: z.string().optional(),
  bid_amount: Minor.optional(),
  bid_constraints: z.object({ roas_average_floor: Minor.optional() }).optional(),
})
export type GraphAdSet = Readonly<z.output<typeof GraphAdSet>>

const AdSets = z.object({
  data: z.array(GraphAdSet),
  paging: z
    .object({ next: z.string().optional(), cursors: z.object({ after: z.string().optional() }).optional() })
    .optional(),
})

const Listed = z.object({ data: z.array(z.unknown()) })

const Success = z.object({ success: z.literal(true) })
export const isSuccess = (body: unknown): boolean => Success.safeParse(body).success

/** Ad sets per page. */
const PAGE = 100
/** Most pages of ad sets that are read; few campaigns have more than a dozen ad sets. */
const MAX_PAGES = 20

export type GraphFields = Readonly<Record<string, unknown>>

export interface Graph {
  /** For changes of campaigns other than bids. */
  readonly door: GraphDoor
  write(path: string, fields: GraphFields): AskStep
  /** Asks whether a write would be accepted, without changing anything. */
  validate(path: string, fields: GraphFields): AskStep
  /** The next four return undefined when the answer does not have the documented shape. */
  /** Whether the token reaches any ad account at all. */
  reachesAdAccounts(): AskTalk<boolean | undefined>
  node(id: string, fields: string): AskTalk<z.output<typeof Node> | undefined>
  campaign(campaignId: string): AskTalk<GraphCampaign | undefined>
  /** Ad sets that run, or can run after a resume: all but deleted and archived ones. */
  adSets(campaignId: string): AskTalk<GraphAdSet[] | undefined>
}

/** Requests to the Graph API: form-encoded, with nested values as JSON. */
export function createGraph({ url, version, accessToken, appSecret }: MetaAccount): Graph {
  const proof = appSecret === undefined ? undefined : proofOf(accessToken, appSecret)
  const door = { graph: url, version, appsecret_proof: proof }

  function request(method: 'GET' | 'POST', path: string, fields: GraphFields): HttpRequest {
    const form = new URLSearchParams()
    for (const [name, value] of Object.entries(fields))
      form.set(name, typeof value === 'string' ? value : JSON.stringify(value))
    if (proof !== undefined) form.set('appsecret_proof', proof)
    const address = `${url}/${version}/${path}`
    if (method === 'GET') return { method, url: `${address}?${form}`, headers: {} }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return { method, url: address, headers, body: form.toString() }
  }
  const read = (path: string, fields: GraphFields): AskStep => ({
    is: 'ask',
    request: request('GET', path, fields),
    bucket: WRITES,
  })

  return {
    door,

    write: (path, fields) => ({
      is: 'ask',
      request: request('POST', encodeURIComponent(path), fields),
      bucket: WRITES,
      writes: true,
    }),

    validate: (path, fields) => ({
      is: 'ask',
      request: request('POST', encodeURIComponent(path), { ...fields, execution_options: ['validate_only'] }),
      bucket: WRITES,
      mayRefuse: true,
    }),

    *reachesAdAccounts() {
      const listed = Listed.safeParse(bodyOf(yield read('me/adaccounts', { fields: 'id', limit: '1' })))
      return listed.data && listed.data.data.length > 0
    },

    *node(id, fields) {
      return Node.safeParse(bodyOf(yield read(encodeURIComponent(id), { fields }))).data
    },

    *campaign(campaignId) {
      const fields = 'id,status,daily_budget,lifetime_budget,bid_strategy'
      return GraphCampaign.safeParse(bodyOf(yield read(encodeURIComponent(campaignId), { fields }))).data
    },

    *adSets(campaignId) {
      const path = `${encodeURIComponent(campaignId)}/adsets`
      const fields = 'id,status,bid_strategy,optimization_goal,bid_amount,bid_constraints'
      const all: GraphAdSet[] = []
      let after: string | undefined
      for (let page = 0; page < MAX_PAGES; page++) {
        const asked = { fields, limit: String(PAGE), ...(after !== undefined && { after }) }
        const found = AdSets.safeParse(bodyOf(yield read(path, asked))).data
        if (!found) return undefined
        all.push(...found.data)
        // Only `next` says that there is another page; the last page has cursors too. Its address is not followed,
        // because it is foreign input and may contain the token.
        if (found.paging?.next === undefined) return all.filter(isAlive)
        after = found.paging.cursors?.after
        if (after === undefined) return undefined
      }
      return undefined
    },
  }
}

const isAlive = ({ status }: GraphAdSet): boolean => status !== 'DELETED' && status !== 'ARCHIVED'

/** Proof that we know the app's secret, without sending it. */
const proofOf = (accessToken: string, appSecret: string): string =>
  createHmac('sha256', appSecret).update(accessToken).digest('hex')
