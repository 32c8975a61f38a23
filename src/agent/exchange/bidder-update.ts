import type { Org } from '../organisations.ts'
import type { CampaignSpec, PredictionRow } from './openrtb/index.ts'
import type { KeptShades, SlotClass } from './shading/index.ts'

/** A change of the data that auctions are decided by. */
export type BidderUpdate =
  | CampaignUpdate
  | { readonly drop: 'campaign'; readonly id: string; readonly isElsewhere?: true }
  | { readonly put: 'predictions'; readonly org: Org; readonly rows: readonly PredictionRow[] }
  | { readonly drop: 'prediction'; readonly org: Org; readonly digest: PredictionRow['digest'] }
  /** What the primary has learned of a seat's traffic; see `TrafficCurve`. */
  | { readonly put: 'traffic'; readonly seat: string; readonly hours: readonly (number | null)[] }
  /** What the primary has learned of the prices at a seat; see `Shader`. */
  | {
      readonly put: 'shades'
      readonly seat: string
      readonly shades: readonly (readonly [slot: SlotClass, kept: KeptShades])[]
    }

export interface CampaignUpdate {
  readonly put: 'campaign'
  readonly id: string
  readonly spec: CampaignSpec
  /** Another process has made the change and defines the budget; this one takes the definition from the store. */
  readonly isElsewhere?: true
}
