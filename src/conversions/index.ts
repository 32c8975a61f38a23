export { MESSAGE_WEBHOOK } from './api/messages.ts'
export { CanonicalEvent } from './canonical-event.ts'
export {
  CONVERSION_PLATFORMS,
  CONVERSION_TABLES,
  MESSAGE_PLATFORM,
  MESSAGE_TABLES,
  type MessageRoom,
  type PlatformRoom,
  type PlatformRooms,
} from './conversions.ts'
export { type ConversionOptions, type RunningConversions, startConversions } from './start-conversions.ts'
export { BID_SOURCES, type BidBook, type BidFound, type BoughtBy, type LtvFeed } from './worth/index.ts'
