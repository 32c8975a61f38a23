export { planEmail } from './plan-email.ts'
export { type MailDeps, sendEmails } from './send-emails.ts'
export { liftSuppression, noteDelivery, suppressedOf, suppressions } from './suppressed.ts'
