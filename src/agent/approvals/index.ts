export { APPROVAL_STATUSES, type Approval } from './approval.ts'
export { type ApprovalStore, openSharedApprovals, recordedApprovals } from './approval-store.ts'
export {
  type ApprovalAsked,
  type ApprovalHandler,
  type ApprovalOutcome,
  Approvals,
  type Asker,
  askerName,
  maySeeApproval,
} from './approvals.ts'
export {
  APPROVAL_MODES,
  APPROVAL_REASONS,
  type ApprovalFinding,
  type ApprovalReason,
  type ApprovalRule,
  ApprovalRules,
  type RiskyChange,
} from './rules.ts'
