export { type Agent, type Connectors, GLOBAL_SCOPE, platformScope, scopesOf } from './agent.ts'
export { watchBudgets } from './alerts.ts'
export { createApp } from './app.ts'
export { type AuctionCounts, addCounts, takeCounts, type Waiting } from './auction-counts.ts'
export { auctionHandler } from './auctions.ts'
export {
  type Bidder,
  type BidderConfig,
  createBidder,
  OPENRTB_SCOPE,
  type SeatConfig,
} from './bidder.ts'
export { overdraftLabel } from './collect-metrics.ts'
export { allNews, type CampaignNews, type Crew, type News, NO_CREW } from './crew.ts'
export { createDecisions, type Decisions, MAX_LATEST } from './decisions.ts'
export { createDeferred } from './deferred.ts'
export { exampleCampaigns } from './example-campaigns.ts'
export { createIdempotencyKeys } from './idempotency.ts'
export { restoreCampaigns } from './keep-campaigns.ts'
export { type KeptSeen, keepSeen } from './keep-seen.ts'
export { type ListenAt, listen } from './listen.ts'
export { type CountNotice, countNotices } from './notice-counts.ts'
export { createNoticeDesk } from './notice-desk.ts'
export { isNotice, noticeListener } from './notices.ts'
export { newOwner, type SeenChunk } from './openrtb/index.ts'
export { newBidId } from './place-bid.ts'
export { httpPredictor, noPredictor } from './predictor.ts'
export { ownParts, type Part, type PartState, watchRefusals } from './readiness.ts'
export { restoreBids } from './restore-bids.ts'
export { restoreHolds } from './restore-holds.ts'
export { openSharedKeys, type SharedKeys } from './shared-keys.ts'
export { recordVerification } from './verified.ts'
