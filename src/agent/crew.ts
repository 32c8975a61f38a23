import type { Bidder } from './bidder.ts'
import type { CampaignSpec, IdType, PredictionRow } from './openrtb/index.ts'

/** A change of what auctions are decided by. */
export type News =
  | CampaignNews
  | { readonly drop: 'campaign'; readonly id: string }
  | { readonly put: 'predictions'; readonly rows: readonly PredictionRow[] }
  | { readonly drop: 'prediction'; readonly idType: IdType; readonly userId: string }

export interface CampaignNews {
  readonly put: 'campaign'
  readonly id: string
  readonly spec: CampaignSpec
}

/** The processes that answer auctions for this service. */
export interface Crew {
  /** Resolves when all of them decide by it. */
  tell(news: News): Promise<void>
  /** Resolves when what they have counted up to now is counted here. */
  gather(): Promise<void>
  /** Micros that they hold for the open bids of a seat. */
  heldFor(seat: string): number
}

/** Of a service that answers all auctions itself. */
export const NO_CREW: Crew = { tell: async () => {}, gather: async () => {}, heldFor: () => 0 }

/** Everybody decides by it when this resolves. */
export async function spread(bidder: Bidder, crew: Crew, news: News): Promise<void> {
  bidder.learn(news)
  await crew.tell(news)
}

const ROWS_AT_ONCE = 5_000

/** Everything that a process has to be told before it may answer auctions. */
export function* allNews({ campaigns, predictions }: Bidder): Generator<News> {
  for (const { id, spec } of campaigns.all) yield { put: 'campaign', id, spec }
  const keys = predictions.keys()
  for (let at = 0; at < keys.length; at += ROWS_AT_ONCE) {
    const rows = keys.slice(at, at + ROWS_AT_ONCE).flatMap((key) => predictions.row(key) ?? [])
    yield { put: 'predictions', rows }
  }
}
