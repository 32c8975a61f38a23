import type { Charge } from './billing-record.ts'
import { ask } from './http.ts'
import { pause } from './wait.ts'

/** An exchange with a billing record of its own. */
export interface Exchange {
  /** Bids that came in time. */
  readonly bids: number
  /** Everything charged whose bill was told within the hold time, or may still be. */
  charges(): Charge[]
  /** Charged, but told after the hold time: such a bill may find its money freed. */
  late(): Charge[]
  /** Ends the auctions; resolves when every bill was answered. */
  stop(): Promise<void>
  /** Ends everything, whether it was answered or not. */
  abandon(): Promise<void>
}

export interface ExchangeOptions {
  readonly urls: readonly string[]
  readonly seat: string
  readonly holdMs: number
  readonly nowMs: () => number
  readonly random: () => number
  readonly workers: number
}

interface Won extends Charge {
  readonly askedMs: number
  toldMs: number
}

const REQUEST = { tmax: 1_000, imp: [{ id: '1', banner: { w: 300, h: 250 } }] }
/** Of the hold time: the longest time between a bid and its impression. */
const IMPRESSION_SHARE = 0.25

/**
 * Auctions without an end. Half of the bids win: they are charged after a while, at a price below the bid, and the bill
 * is told until it is answered, by whichever process is there then; some bills are told again, or contradicted. The
 * others lose, and of some of those nothing is heard.
 */
export function startExchange(options: ExchangeOptions): Exchange {
  const { urls, seat, holdMs, nowMs, random, workers } = options
  const won: Won[] = []
  const telling = new Set<Promise<void>>()
  let bids = 0
  let stopped = false
  let abandoned = false
  const url = () => urls[Math.floor(random() * urls.length)] ?? ''
  /** Counted from before the auction was asked for: the hold is younger than that, however late its answer is read. */
  const isLate = ({ askedMs, toldMs }: Won) => Math.min(toldMs, nowMs()) - askedMs > holdMs

  /** Calls a notice address until it is answered. */
  async function tell(address: string, price: number): Promise<void> {
    const { pathname, search } = new URL(address)
    const query = decodeURIComponent(search).replace(/\$\{AUCTION_PRICE\}/, String(price))
    const path = pathname + query.replaceAll(/\$\{\w+\}/g, '')
    while (!abandoned && (await ask('GET', url() + path))?.status !== 200) await pause(50)
  }

  async function bill(burl: string, lurl: string, cpm: number, askedMs: number): Promise<void> {
    await pause(random() * holdMs * IMPRESSION_SHARE)
    // A CPM of so many units is so many thousandths of a unit for one impression.
    const price = Math.floor(cpm * 1000 * (0.5 + random() / 2)) / 1000
    const charge: Won = {
      atMs: nowMs(),
      micros: Math.round(price * 1000),
      askedMs,
      toldMs: Number.POSITIVE_INFINITY,
    }
    won.push(charge)
    await tell(burl, price)
    charge.toldMs = nowMs()
    for (let again = random(); again < 0.3; again += 0.15) await tell(burl, price)
    if (random() < 0.1) await tell(lurl, price)
  }

  async function auction() {
    while (!stopped) {
      const id = String(random())
      const askedMs = nowMs()
      const reply = await ask('POST', `${url()}/openrtb2/${seat}/bid`, { ...REQUEST, id })
      if (reply?.status !== 200) {
        await pause(reply === undefined ? 50 : 20)
        continue
      }
      bids += 1
      const [bid] = reply.body.seatbid[0].bid
      const chance = random()
      const told =
        chance < 0.5
          ? bill(bid.burl, bid.lurl, bid.price, askedMs)
          : chance < 0.9
            ? tell(bid.lurl, 0)
            : Promise.resolve()
      telling.add(told)
      told.finally(() => telling.delete(told))
    }
  }

  const working = Array.from({ length: workers }, auction)
  async function stop() {
    stopped = true
    await Promise.all(working)
    while (telling.size > 0) await Promise.all(telling)
  }
  return {
    get bids() {
      return bids
    },
    charges: () => won.filter((charge) => !isLate(charge)),
    late: () => won.filter(isLate),
    stop,
    abandon() {
      abandoned = true
      return stop()
    },
  }
}
