import { createHmac, randomUUID } from 'node:crypto'
import type { Answered, Asked } from './caller.ts'
import { type Connected, META_SECRET, RESEND_SECRET } from './connections.ts'
import type { Fuzz } from './mutate.ts'
import { fill, type Operation } from './operations.ts'

/** What earlier answers have named: only who names what is there gets far. */
export interface Known {
  readonly connections: Connected[]
  readonly requests: string[]
  readonly bids: string[]
  /** Paths of notices that were signed. */
  readonly notices: string[]
}

export interface Case extends Asked {
  readonly kind: string
  /** Keeps of the answer what later cases name. */
  learn?(answer: Answered): void
}

const KEPT = 200
const keep = (list: string[], one: unknown): void => {
  if (typeof one !== 'string') return
  list.push(one)
  if (list.length > KEPT) list.shift()
}
const read = ({ status, body }: Answered) => (status === 200 ? JSON.parse(body) : undefined)

const AUCTION = JSON.stringify({
  id: '1',
  imp: [
    {
      id: '1',
      banner: { w: 300, h: 250, format: [{ w: 1, h: 2 }] },
      bidfloor: 0.1,
      pmp: { deals: [{ id: 'd' }] },
    },
  ],
  site: { page: 'https://example.com', cat: ['IAB1'] },
  device: { ua: 'Mozilla', ip: '1.2.3.4' },
  user: { id: 'u', eids: [{ source: 's', uids: [{ id: 'i' }] }] },
  tmax: 100,
  ext: { a: { b: [1, 2] } },
})
const ASSETS = JSON.stringify({ native: { ver: '1.2', assets: [{ id: 1, title: { len: 20 } }] } })
const NATIVE = JSON.stringify({ id: '1', imp: [{ id: '1', native: { request: ASSETS } }] })
const BID = {
  customerId: 'c',
  campaignId: 's',
  platform: 'auto',
  predictedLtv: 5,
  bidAmount: 0.01,
  explanation: { why: 'x' },
}
const PLATFORMS = ['auto', 'meta', 'google_ads', 'tradedesk'] as const
const BOUNCE = JSON.stringify({
  type: 'email.bounced',
  created_at: '2026-11-01T00:00:00Z',
  data: { to: ['a@b.example'], email_id: 'e', bounce: { type: 'Permanent' } },
})
const LEAD = JSON.stringify({
  object: 'page',
  entry: [{ id: '1', time: 1, changes: [{ field: 'leadgen' }] }],
})

/** A case by its kind; kinds that are named more than once come more often. */
export function createCases(fuzz: Fuzz, known: Known, operations: readonly Operation[]): () => Case {
  const { mutated, below, one, inPath } = fuzz

  const auction = (): Case => ({
    kind: 'auction',
    method: 'POST',
    path: `/openrtb2/${one(['example', 'example', 'example', encodeURIComponent(inPath('example'))])}/bid`,
    body: mutated(one([AUCTION, AUCTION, NATIVE]) ?? AUCTION),
    learn: (answer) => {
      for (const { bid = [] } of read(answer)?.seatbid ?? [])
        for (const { nurl, burl, lurl } of bid)
          for (const url of [nurl, burl, lurl]) keep(known.notices, url && new URL(url).pathname)
    },
  })
  const notice = (): Case => {
    const path = one(known.notices) ?? '/openrtb2/notice/win/none'
    const spoiled = [
      path,
      path,
      path,
      path.replace(/win|billing|loss/, one(['win', 'billing', 'loss']) ?? ''),
    ]
    const value = () => encodeURIComponent(inPath(one(['1.25', '0.1', 'USD', '102', '-1']) ?? ''))
    const place = one([...spoiled, path.slice(0, below(path.length)), path + encodeURIComponent(inPath('x'))])
    return {
      kind: 'notice',
      method: one(['GET', 'POST', 'HEAD']) ?? 'GET',
      path: `${place}?price=${value()}&cur=${one(['USD', value()])}&loss=${value()}`,
    }
  }
  const bid = (): Case => ({
    kind: 'bid',
    method: 'POST',
    path: '/v1/bids',
    body: mutated(JSON.stringify({ ...BID, platform: one(PLATFORMS), campaignId: `s${below(40)}` })),
    ...(below(3) === 0 && { headers: { 'idempotency-key': `k${below(100_000)}` } }),
    learn: (answer) => keep(known.bids, read(answer)?.bidId),
  })
  const webhook = (): Case => {
    const to = one(known.connections.filter(({ type }) => type === 'RESEND' || type === 'META'))
    const body = mutated(to?.type === 'META' ? LEAD : BOUNCE)
    const headers = to?.type === 'META' ? signedByMeta(body) : signedByResend(body)
    const path = `/api/v1/webhooks/${to?.type.toLowerCase() ?? 'resend'}/${to?.id ?? randomUUID()}`
    return { kind: 'webhook', method: 'POST', path, body, headers }
  }
  const fetchReport = (): Case => {
    const from = one(known.connections)
    const report = from && one(from.reports)
    const body = JSON.stringify({
      connector_id: from?.id ?? randomUUID(),
      report_type: report?.name ?? 'campaigns',
      ...(report?.isDated !== false && { date_range: { start: '2026-11-01', end: '2026-11-02' } }),
    })
    return {
      kind: 'fetch',
      method: 'POST',
      path: '/api/v1/connectors/fetch',
      body: below(3) === 0 ? mutated(body) : body,
      learn: (answer) => keep(known.requests, read(answer)?.request_id),
    }
  }
  const token = (): Case => ({
    kind: 'token',
    method: 'GET',
    path: '/v1/store',
    headers: { authorization: header(mutated('Bearer fuzz')), 'idempotency-key': header(mutated('k')) },
  })
  const operation = (): Case => {
    const chosen = one(operations)
    if (!chosen) throw new Error('there are no operations')
    const asked = fill(fuzz, known, chosen)
    return {
      kind: 'operation',
      ...asked,
      learn: ({ status }) => {
        const gone = known.connections.findIndex(({ id }) => asked.path.includes(id))
        if (asked.method === 'DELETE' && status === 200 && gone >= 0) known.connections.splice(gone, 1)
      },
    }
  }
  /** How often each comes, beside the others. What only decides is played more often than what waits for a disk or a platform. */
  const weights: readonly (readonly [number, () => Case])[] = [
    [10, auction],
    [8, notice],
    [6, bid],
    [2, webhook],
    [2, fetchReport],
    [1, token],
    [10, operation],
  ]
  const kinds = weights.flatMap(([times, make]) => Array<() => Case>(times).fill(make))
  return () => (one(kinds) ?? auction)()
}

/** What Node sends in a header. */
const header = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 4_000)

function signedByResend(body: string): Record<string, string> {
  const id = randomUUID()
  const at = String(Math.floor(Date.now() / 1000))
  const signed = createHmac('sha256', Buffer.from(RESEND_SECRET, 'base64')).update(`${id}.${at}.${body}`)
  return { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${signed.digest('base64')}` }
}

function signedByMeta(body: string): Record<string, string> {
  const signature = createHmac('sha256', META_SECRET).update(body).digest('hex')
  return { 'x-hub-signature-256': `sha256=${signature}` }
}
