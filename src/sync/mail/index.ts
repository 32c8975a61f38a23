export { planNotice } from './plan-notice.ts'
export { type MailDeps, sendNotices } from './send-notices.ts'
export { liftSuppression, noteDelivery, suppressedOf, suppressions } from './suppressed.ts'
