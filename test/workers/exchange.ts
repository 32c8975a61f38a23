import { Agent, request } from 'node:http'

export interface Reply {
  readonly status: number
  readonly text: string
}

export interface Bid {
  readonly id: string
  readonly price: number
  readonly burl: string
  readonly lurl: string
  readonly cid: string
}

/** Connections go round the workers, so every request has its own. */
const ONE_EACH = new Agent({ keepAlive: false })

/** One request on a connection of its own. */
export function ask(url: string, method = 'GET', body?: unknown): Promise<Reply> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const headers = text === undefined ? {} : { 'content-type': 'application/json' }
    const asked = request(url, { method, agent: ONE_EACH, headers }, (answer) => {
      let said = ''
      answer.on('data', (chunk) => {
        said += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: said }))
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(text)
  })
}

let requests = 0

/** An auction of a 300x250; the bid, or undefined for none. */
export async function auction(url: string, user = 'somebody'): Promise<Bid | undefined> {
  requests += 1
  const { status, text } = await ask(`${url}/openrtb2/example/bid`, 'POST', {
    id: `r${requests}`,
    imp: [{ id: '1', banner: { w: 300, h: 250 } }],
    site: { id: 's', domain: 'news.example' },
    user: { id: user },
  })
  if (status === 204) return undefined
  return JSON.parse(text).seatbid[0].bid[0]
}

/** Who made a bid. */
export const ownerOf = ({ id }: Bid): string => id.split('-')[0] ?? ''

/** The exchange charges its price; resolves with the status of the answer. */
export async function bill(url: string, { burl, price }: Bid): Promise<number> {
  const said = burl.replace(/\$\{AUCTION_PRICE\}/, String(price)).replace(/\$\{AUCTION_CURRENCY\}/, 'USD')
  const { pathname, search } = new URL(said)
  return (await ask(url + pathname + search)).status
}
