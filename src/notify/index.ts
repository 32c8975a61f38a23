export { type EventParts, type News, NOTIFICATION_KINDS, type Tell } from './kinds.ts'
export { DELIVERY_RESULTS, type DeliveryResult, type NotifySettings, Outbox } from './outbox.ts'
export { notificationRoutes } from './routes.ts'
