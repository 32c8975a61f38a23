export { type EventParts, type News, NOTIFICATION_KINDS, type Tell } from './kinds.ts'
export { DELIVERY_RESULTS, type DeliveryResult, Notifications, type NotifySettings } from './notifications.ts'
export { notificationRoutes } from './routes.ts'
