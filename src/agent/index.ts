export type { Agent, Connectors } from './agent.ts'
export { createApp } from './app.ts'
export {
  APPROVAL_MODES,
  APPROVAL_REASONS,
  APPROVAL_STATUSES,
  type ApprovalRule,
  ApprovalRules,
  Approvals,
  openSharedApprovals,
  recordedApprovals,
} from './approvals/index.ts'
export { BidAnswer } from './bids/answer.ts'
export { approvedBids } from './bids/approved-bids.ts'
export { BID_STATUSES, createDecisions, type DecisionRecord, type Decisions } from './bids/decisions.ts'
export { Deferred } from './bids/deferred.ts'
export { IdempotencyKeys } from './bids/idempotency.ts'
export { newBidId } from './bids/place-bid.ts'
export { httpPredictor, noPredictor, type Predictor } from './bids/predictor.ts'
export { restoreBids } from './bids/restore-bids.ts'
export { restoreHolds } from './bids/restore-holds.ts'
export { openSharedKeys, type SharedKeys } from './bids/shared-keys.ts'
export { recordVerification } from './bids/verified.ts'
export {
  type AuctionCounts,
  addCounts,
  takeCounts,
  type UnreportedEvents,
} from './exchange/auction-counts.ts'
export { auctionHandler } from './exchange/auctions.ts'
export {
  type Bidder,
  type BidderConfig,
  createBidder,
  OPENRTB_SCOPE,
  type SeatConfig,
} from './exchange/bidder.ts'
export type { BidderUpdate, CampaignUpdate } from './exchange/bidder-update.ts'
export { type CampaignStore, recordedCampaigns } from './exchange/campaign-store.ts'
export { campaignsOf } from './exchange/campaigns.ts'
export { exampleCampaigns } from './exchange/example-campaigns.ts'
export { type CountNotice, countNotices } from './exchange/notice-counts.ts'
export { NoticeDesk } from './exchange/notice-desk.ts'
export { isNotice, noticeListener } from './exchange/notices.ts'
export { newOwner, type SeenChunk } from './exchange/openrtb/index.ts'
export { HOURS_OF_WEEK, type PaceNow } from './exchange/pacing/index.ts'
export { type KeptSeen, keepSeen } from './exchange/persist-seen.ts'
export { warnOfPlainNotices } from './exchange/plain-notices.ts'
export { type ShadeNews, SLOT_CLASSES } from './exchange/shading/index.ts'
export { openSharedCampaigns } from './exchange/shared-campaigns.ts'
export {
  allUpdates,
  holdsOf,
  NO_WORKERS,
  type ScopeHolds,
  shadesUpdate,
  spread,
  trafficUpdates,
  type WorkerHolds,
  type WorkerPool,
} from './exchange/worker-pool.ts'
export { type ListenAt, listen } from './listen.ts'
export { AlertWatch } from './operator/alerting/alert-watch.ts'
export { watchBudgets } from './operator/alerting/budget-alerts.ts'
export { Budget } from './operator/budget-body.ts'
export type { Finding } from './operator/doctor.ts'
export { KeyBook } from './operator/key-book.ts'
export { openSharedApiKeys, recordedKeys } from './operator/key-store.ts'
export { ownParts, type PartState, type ServicePart, troubles, watchRefusals } from './operator/readiness.ts'
export type { Access } from './operator/session.ts'
export { OidcSignIn } from './operator/sign-in/oidc-sign-in.ts'
export type { GroupRights, OidcSettings } from './operator/sign-in/settings.ts'
export { SpendHistory } from './operator/spend/spend-history.ts'
export { Feed } from './operator/stream/feed.ts'
export { StateWatch } from './operator/stream/state-watch.ts'
export { Streams } from './operator/stream/streams.ts'
export { orgScope, refusalFor } from './organisations.ts'
export { overdraftLabel } from './overdraft-label.ts'
export { GLOBAL_SCOPE, platformScope, scopesOf, spenderOf } from './scopes.ts'
