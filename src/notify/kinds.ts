/** Kinds of notifications sent to NOTIFY_URL. The first five are events of the read stack. */
export const NOTIFICATION_KINDS = [
  'sync_failed',
  'fetch_failed',
  'oauth_revoked',
  'circuit_opened',
  'conversion_health_changed',
  'budget_near',
  'budget_used_up',
  'breaker_changed',
  'kill_switch_changed',
  'store_fenced',
  'approval_asked',
] as const
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number]

/** The parts of a CloudEvent that are used here. */
export interface EventParts {
  readonly id: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly data: unknown
}

export interface News {
  readonly kind: NotificationKind
  /** What the notification is about: a scope, a platform, a connection. */
  readonly subject: string
  readonly data: object
}

/** Sends a notification to whoever is configured. Never waits and never throws. */
export type Tell = (news: News) => void
