import { ask } from './http.ts'
import { pause } from './wait.ts'

/** A bid that the service has answered with 200: it says that the platform has it. */
export interface Acknowledged {
  readonly bidId: string
  readonly platform: string
  readonly campaignId: string
  readonly micros: number
}

/** Clients of `POST /v1/bids` that go on whatever happens to the service. */
export interface Bidders {
  readonly acknowledged: readonly Acknowledged[]
  /** How often each code was answered; `lost` where there was no answer, or half of one. */
  readonly answers: ReadonlyMap<string, number>
  stop(): Promise<void>
}

export interface BidderOptions {
  /** Where the service can be reached; one of them is asked each time. */
  readonly urls: readonly string[]
  readonly random: () => number
  /** The campaign of the moment. */
  readonly campaign: () => string
  readonly workers: number
}

const PLATFORMS = ['google_ads', 'meta', 'tradedesk']
const CENT = 10_000

export function startBidders({ urls, random, campaign, workers }: BidderOptions): Bidders {
  const acknowledged: Acknowledged[] = []
  const answers = new Map<string, number>()
  let stopped = false
  const pick = (all: readonly string[]) => all[Math.floor(random() * all.length)] ?? ''

  async function bidOn() {
    while (!stopped) {
      const platform = pick(PLATFORMS)
      const campaignId = campaign()
      // $0.50 to $3.00.
      const micros = CENT * (50 + Math.floor(random() * 251))
      const reply = await ask('POST', `${pick(urls)}/v1/bids`, {
        customerId: 'CUST_001',
        campaignId,
        platform,
        predictedLtv: 1000,
        bidAmount: micros / 1e6,
      })
      const code = reply === undefined ? 'lost' : reply.status === 200 ? 'placed' : reply.body.code
      answers.set(code, (answers.get(code) ?? 0) + 1)
      if (reply?.status === 200) acknowledged.push({ bidId: reply.body.bidId, platform, campaignId, micros })
      else await pause(reply === undefined ? 50 : 20)
    }
  }

  const working = Array.from({ length: workers }, bidOn)
  return {
    acknowledged,
    answers,
    async stop() {
      stopped = true
      await Promise.all(working)
    },
  }
}
