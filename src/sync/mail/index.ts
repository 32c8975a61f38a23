export { planNotice } from './plan-notice.ts'
export { type NoticeDeps, sendNotices } from './send-notices.ts'
export { noteDelivery, suppressedOf } from './suppressed.ts'
