export { type AnswerOptions, writeAnswer } from './answer.ts'
export {
  type DecideAuctionDeps,
  type Pacing,
  type Seat,
  SHADE_REASONS,
  type Shade,
  type ShadeReason,
  type Shading,
} from './auction.ts'
export { type AuctionBudget, createAuctionBudget } from './auction-budget.ts'
export { type BidIds, createBidIds, newOwner } from './bid-ids.ts'
export { CampaignSpec, limitsOf } from './campaign.ts'
export { CampaignIndex } from './campaign-index.ts'
export type { PriceForm } from './clearing-price.ts'
export { type OpenRtbVersion, readVersion } from './creative.ts'
export { type AuctionDecision, abandon, decide, type ImpLook, type PlacedBid, shed } from './decide.ts'
export type { EncryptedPrices } from './encrypted-price.ts'
export { FrequencyCaps } from './frequency-caps.ts'
export { type Heard, heardIn } from './heard-price.ts'
export { type Imp, sizeOf } from './imp.ts'
export { LossTrust } from './loss-trust.ts'
export { NO_BID_REASONS, type NoBid, type NoBidReason } from './no-bid.ts'
export { type Notice, readMessage } from './notice-message.ts'
export {
  type BillingNotice,
  createNoticeTokens,
  type NoticeKind,
  type NoticeToken,
  type NoticeTokens,
  type TokenKey,
} from './notice-token.ts'
export type { Offer } from './offer-blocks.ts'
export { isIdType, type PredictionRow, type Predictions, PredictionTable } from './predictions.ts'
export { type PreparedCampaign, prepareCampaign } from './prepared-campaign.ts'
export { costOf, type Rates } from './price.ts'
export { type IsUserPrivate, privacyRules } from './privacy.ts'
export { isRefusal, type OpenRtbRequest, type RequestRefusal, readBidRequest } from './request.ts'
export { CampaignSchedule } from './schedule.ts'
export { SeenBids, type SeenChunk } from './seen-bids.ts'
export { type ElsewhereDeps, settleElsewhere } from './settle-elsewhere.ts'
export {
  type NoticeDeps,
  type NoticeQuery,
  type Settlement,
  type SettlementKind,
  settleNotice,
} from './settle-notice.ts'
