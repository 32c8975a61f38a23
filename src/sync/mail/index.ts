export { planNotice } from './plan-notice.ts'
export { type NoticeDeps, sendNotices } from './send-notices.ts'
export { liftSuppression, noteDelivery, suppressedOf, suppressions } from './suppressed.ts'
