import type { Base } from './conversions.ts'
import type {
  ConversionCallDeps,
  ConversionLanes,
  ConversionTraffic,
  DeliveryLoop,
} from './delivery/index.ts'
import type { EventResult, EventWriter } from './door/index.ts'
import type { Mappings } from './mappings.ts'
import type { Messenger } from './messages/index.ts'
import type { BidBook } from './worth/index.ts'

/** The parts of conversions that the routes use. */
export interface Conversions extends Base {
  readonly calls: ConversionCallDeps
  readonly lanes: ConversionLanes
  readonly mappings: Mappings
  readonly traffic: ConversionTraffic
  readonly writer: EventWriter
  readonly deliveries: DeliveryLoop
  readonly messages: Messenger
  readonly bids: BidBook
  readonly keepDays: number
  /** Throws 429 if an organisation has no room for so many more waiting deliveries. */
  requirePlace(orgId: number, events: number): void
  noteAccepted(orgId: number, results: readonly EventResult[]): void
}
