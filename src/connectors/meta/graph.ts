import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { HttpRequest } from '../../http.ts'
import type { MetaAccount } from '../accounts.ts'
import type { Step, Talk } from '../connector.ts'
import { bodyOf } from '../replies.ts'

/** Money leaves Meta as text in minor units. */
const Minor = z.union([z.int().min(0), z.string().regex(/^\d{1,15}$/)]).transform(Number)

const Node = z.object({ id: z.string(), name: z.string().optional(), currency: z.string().optional() })

const Campaign = z.object({
  id: z.string(),
  daily_budget: Minor.optional(),
  lifetime_budget: Minor.optional(),
})
export type Campaign = Readonly<z.output<typeof Campaign>>

const AdSet = z.object({
  id: z.string().regex(/^[\w-]+$/),
  status: z.string().optional(),
  bid_amount: Minor.optional(),
  bid_constraints: z.object({ roas_average_floor: Minor.optional() }).optional(),
})
export type AdSet = Readonly<z.output<typeof AdSet>>

const AdSets = z.object({
  data: z.array(AdSet),
  paging: z
    .object({ next: z.string().optional(), cursors: z.object({ after: z.string().optional() }).optional() })
    .optional(),
})

const Success = z.object({ success: z.literal(true) })
export const isSuccess = (body: unknown): boolean => Success.safeParse(body).success

const PAGE = 100
/** Pages of ad sets that are read; a campaign has rarely more than a dozen ad sets. */
const MAX_PAGES = 20

export type Fields = Readonly<Record<string, unknown>>

export interface Graph {
  write(path: string, fields: Fields): Step
  /** Asks whether a write would pass, changing nothing. */
  validate(path: string, fields: Fields): Step
  /** These three come to undefined when the answer has another shape than documented. */
  node(id: string, fields: string): Talk<z.output<typeof Node> | undefined>
  campaign(campaignId: string): Talk<Campaign | undefined>
  /** All that can run now or after a resume: not the deleted and archived ones. */
  adSets(campaignId: string): Talk<AdSet[] | undefined>
}

/** Requests to the Graph API: form-encoded, nested values as JSON inside. */
export function createGraph({ url, version, accessToken, appSecret }: MetaAccount): Graph {
  const proof = appSecret === undefined ? undefined : proofOf(accessToken, appSecret)

  function request(method: 'GET' | 'POST', path: string, fields: Fields): HttpRequest {
    const form = new URLSearchParams()
    for (const [name, value] of Object.entries(fields))
      form.set(name, typeof value === 'string' ? value : JSON.stringify(value))
    if (proof !== undefined) form.set('appsecret_proof', proof)
    const address = `${url}/${version}/${path}`
    if (method === 'GET') return { method, url: `${address}?${form}`, headers: {} }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return { method, url: address, headers, body: form.toString() }
  }
  const read = (path: string, fields: Fields): Step => ({
    request: request('GET', path, fields),
    writes: false,
  })

  return {
    write: (path, fields) => ({
      request: request('POST', encodeURIComponent(path), fields),
      writes: true,
    }),

    validate: (path, fields) => ({
      request: request('POST', encodeURIComponent(path), { ...fields, execution_options: ['validate_only'] }),
      writes: false,
      mayRefuse: true,
    }),

    *node(id, fields) {
      return Node.safeParse(bodyOf(yield read(encodeURIComponent(id), { fields }))).data
    },

    *campaign(campaignId) {
      const fields = 'id,status,daily_budget,lifetime_budget,bid_strategy'
      return Campaign.safeParse(bodyOf(yield read(encodeURIComponent(campaignId), { fields }))).data
    },

    *adSets(campaignId) {
      const path = `${encodeURIComponent(campaignId)}/adsets`
      const fields = 'id,status,bid_strategy,optimization_goal,bid_amount,bid_constraints'
      const all: AdSet[] = []
      let after: string | undefined
      for (let page = 0; page < MAX_PAGES; page++) {
        const asked = { fields, limit: String(PAGE), ...(after !== undefined && { after }) }
        const found = AdSets.safeParse(bodyOf(yield read(path, asked))).data
        if (!found) return undefined
        all.push(...found.data)
        // A last page still has cursors; only `next` says that there is more. Its address is not followed: it is
        // foreign input and may carry the token.
        if (found.paging?.next === undefined) return all.filter(isAlive)
        after = found.paging.cursors?.after
        if (after === undefined) return undefined
      }
      return undefined
    },
  }
}

const isAlive = ({ status }: AdSet): boolean => status !== 'DELETED' && status !== 'ARCHIVED'

/** Shows that we know the app's secret without sending it. */
const proofOf = (accessToken: string, appSecret: string): string =>
  createHmac('sha256', appSecret).update(accessToken).digest('hex')
