import { listAt, textAt } from '../json/json-at.ts'
import { between, happens, oneOf } from './chance.ts'
import { busyness, call, later, repeat, type Stage } from './stage.ts'

interface Size {
  readonly w: number
  readonly h: number
}
const SIZES: readonly [Size, ...Size[]] = [
  { w: 300, h: 250 },
  { w: 728, h: 90 },
  { w: 160, h: 600 },
  { w: 300, h: 600 },
]
const SITES = ['news.example', 'recipes.example', 'weather.example', 'football.example'] as const
/** Milliseconds between two auctions in the busiest hour. */
const AUCTION_EVERY_MS = 90
/** Share of auctions for a size or above a price that no campaign has. */
const UNFIT = 0.08
/** Users of the exchange for whom a prediction is stored, and all of its users. */
const KNOWN_USERS = 400
const USERS = 600

/** Share of bids that win. */
const WON = 0.25
/** Share of lost bids for which a loss notice is sent; of the others nothing more is heard. */
const LOSS_TOLD = 0.6
/** Share of bills that are sent twice. */
const TOLD_TWICE = 0.02
/** Share of wins that are billed late, and how many milliseconds after the auction: least and most. */
const LATE = 0.01
const LATE_MS = [45_000, 90_000] as const
/** Loss reason of OpenRTB: lost to a higher bid. */
const LOST_TO_HIGHER_BID = '102'

interface Addresses {
  readonly win: string
  readonly bill: string
  readonly loss: string
}

/** Predictions for the users of the exchange, as a nightly job sends them. */
export async function storePredictions(stage: Stage): Promise<void> {
  const rows = Array.from({ length: KNOWN_USERS }, (_, user) => ({
    userId: `user-${user}`,
    idType: 'user',
    predictedLtv: between(20, 900),
    confidence: between(0.5, 1),
  }))
  await call(stage, 'PUT', '/v1/ltv', { rows })
}

/** Holds auctions at the seat `example`; bills, loses and forgets bids as exchanges do. */
export function playExchange(stage: Stage): void {
  let auctions = 0
  repeat(
    stage,
    () => AUCTION_EVERY_MS / busyness(stage),
    async () => {
      auctions += 1
      const { body } = await call(stage, 'POST', '/openrtb2/example/bid', auction(`demo-${auctions}`))
      for (const seat of listAt(body, 'seatbid')) for (const bid of listAt(seat, 'bid')) endBid(stage, bid)
    },
  )
}

function auction(id: string): object {
  const unfit = happens(UNFIT)
  const site = oneOf(SITES)
  return {
    id,
    at: 1,
    tmax: 200,
    imp: [
      {
        id: '1',
        banner: unfit && happens(0.5) ? { w: 468, h: 60 } : oneOf(SIZES),
        bidfloor: unfit ? 80 : between(0.1, 4),
        secure: 1,
      },
    ],
    site: { domain: site, page: `https://${site}/` },
    device: { ua: 'Mozilla/5.0', devicetype: happens(0.7) ? 4 : 2, geo: { country: oneOf(['USA', 'DEU']) } },
    user: { id: `user-${Math.floor(between(0, USERS))}` },
  }
}

/** Draws whether a bid wins, is billed or loses, and sends the notices that an exchange would send. */
function endBid(stage: Stage, bid: unknown): void {
  const addresses = addressesOf(bid)
  const price = Number(Object(bid).price)
  if (addresses === undefined || !(price > 0)) return
  if (!happens(WON)) {
    if (happens(LOSS_TOLD)) sendNotice(stage, between(100, 3_000), withLoss(addresses.loss))
    return
  }
  const clearing = (price * between(0.55, 1)).toFixed(4)
  sendNotice(stage, between(50, 500), withPrice(addresses.win, clearing))
  const billedMs = happens(LATE) ? between(...LATE_MS) : between(500, 12_000)
  sendNotice(stage, billedMs, withPrice(addresses.bill, clearing))
  if (happens(TOLD_TWICE)) sendNotice(stage, billedMs + 200, withPrice(addresses.bill, clearing))
}

function addressesOf(bid: unknown): Addresses | undefined {
  const [win, bill, loss] = [textAt(bid, 'nurl'), textAt(bid, 'burl'), textAt(bid, 'lurl')]
  return win === undefined || bill === undefined || loss === undefined ? undefined : { win, bill, loss }
}

const withPrice = (address: string, price: string): string =>
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a macro of OpenRTB, which the exchange replaces
  address.replace('${AUCTION_PRICE}', price).replace('${AUCTION_CURRENCY}', 'USD')

// biome-ignore lint/suspicious/noTemplateCurlyInString: a macro of OpenRTB, which the exchange replaces
const withLoss = (address: string): string => address.replace('${AUCTION_LOSS}', LOST_TO_HIGHER_BID)

/** Calls the address of a notice, but at the service of the demo: the host in it may be public and lead elsewhere. */
function sendNotice(stage: Stage, delayMs: number, address: string): void {
  const { pathname, search } = new URL(address)
  later(stage, delayMs, () => call(stage, 'GET', pathname + search))
}
