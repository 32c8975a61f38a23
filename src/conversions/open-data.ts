import type { CanonicalEvent } from './canonical-event.ts'

/** The part of an event that is stored unencrypted, because it contains no personal data. */
export interface OpenData {
  readonly custom_data?: Omit<NonNullable<CanonicalEvent['custom_data']>, 'search_string'>
  readonly consent?: NonNullable<CanonicalEvent['consent']>
}

export interface StoredEvent {
  readonly event_id: string
  readonly event_name: string
  readonly event_time_ms: number
  readonly action_source: string
}

export function openDataOf({ custom_data, consent }: CanonicalEvent): OpenData {
  const { search_string: _, ...open } = custom_data ?? {}
  return { ...(custom_data && { custom_data: open }), ...(consent && { consent }) }
}
