export {
  BID_SOURCES,
  type BidBook,
  type BidFound,
  type BidSource,
  type BoughtBy,
} from './bid-book.ts'
export { BidJoiner, type LtvFeed } from './join-bids.ts'
export {
  ROAS_BY,
  type RoasDeps,
  roasOf,
  WORTH_CAVEATS,
  type WorthFigures,
  type WorthRow,
} from './roas.ts'
