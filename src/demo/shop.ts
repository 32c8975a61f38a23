import { isoTime } from '../time/clock.ts'
import { between, happens } from './chance.ts'
import type { BidOfModel } from './ml-service.ts'
import { call, later, repeat, type Stage } from './stage.ts'

/** Share of bids after which the customer orders. */
const ORDERS = 0.3
/** Milliseconds between a bid and the order, and between two deliveries of orders to Bidwarden. */
const ORDER_AFTER_MS = [2_000, 20_000] as const
const SEND_EVERY_MS = 5_000
/** Share of orders that the shop's program writes wrongly: without a currency. */
const MISTAKES = 0.03

/** Takes orders of customers who were bid for, and sends them back as conversions every few seconds. */
export class Shop {
  readonly #stage: Stage
  #orders: object[] = []
  #taken = 0

  constructor(stage: Stage) {
    this.#stage = stage
    repeat(
      stage,
      () => SEND_EVERY_MS,
      () => this.#send(),
    )
  }

  /** Draws whether the customer of a placed bid orders, and when. */
  mayOrder(bid: BidOfModel): void {
    if (!happens(ORDERS)) return
    later(this.#stage, between(...ORDER_AFTER_MS), async () => this.#orders.push(this.#order(bid)))
  }

  #order({ bidId, customerId, predictedLtv }: BidOfModel): object {
    this.#taken += 1
    const orderId = `order-${Math.floor(this.#stage.clock.nowMs())}-${this.#taken}`
    const value = Math.round(predictedLtv * between(0.05, 0.4) * 100) / 100 + 1
    return {
      event_id: orderId,
      event_name: 'purchase',
      event_time: isoTime(this.#stage.clock.nowMs()),
      action_source: 'website',
      event_source_url: 'https://shop.example/thanks',
      user_data: {
        email: `${customerId.toLowerCase()}@shop.example`,
        client_user_agent: 'Mozilla/5.0',
        external_id: customerId,
      },
      custom_data: { value, order_id: orderId, ...(!happens(MISTAKES) && { currency: 'USD' }) },
      bid_id: bidId,
    }
  }

  async #send(): Promise<void> {
    const events = this.#orders
    this.#orders = []
    if (events.length > 0) await call(this.#stage, 'POST', '/api/v1/conversions/events', { events })
  }
}
