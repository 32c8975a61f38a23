import type { StreamEvent } from '@bidwarden/client'
import { useSyncExternalStore } from 'react'

/** Whether what happens comes by itself. */
export type Live =
  | { readonly is: 'starting' }
  | { readonly is: 'live' }
  | {
      readonly is: 'away'
      readonly sinceMs: number
      /** Whether nothing else of the service is answered either. */
      readonly isOffline: boolean
      /** When the latest figures on the page came; undefined where none have come yet. */
      readonly figuresMs: number | undefined
    }

let live: Live = { is: 'starting' }
let figuresMs: number | undefined
const listeners = new Set<() => void>()

function become(next: Live): void {
  live = next
  for (const listener of listeners) listener()
}

export function noteLive(): void {
  if (live.is !== 'live') become({ is: 'live' })
}

/** Nothing comes any more. Returns whether that is new. */
export function noteAway(): boolean {
  if (live.is === 'away') return false
  become({ is: 'away', sinceMs: Date.now(), isOffline: false, figuresMs })
  return true
}

/** Figures have come, by the stream or as an answer. */
export function noteFigures(): void {
  figuresMs = Date.now()
  if (live.is === 'away' && live.isOffline) become({ ...live, isOffline: false, figuresMs })
}

/** The service was asked for something, and there was no answer. */
export function noteNoAnswer(): void {
  if (live.is === 'away' && !live.isOffline) become({ ...live, isOffline: true, figuresMs })
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useLive = (): Live => useSyncExternalStore(subscribe, () => live)

/** How often a query asks, in milliseconds: not at all while what happens comes by itself. */
export const whileAway = (ms: number) => (): number | false => (live.is === 'live' ? false : ms)

/** So many of the latest events are kept: more than come while the service reads an answer. */
const KEPT = 2_000
let kept: StreamEvent[] = []
let number = 0

/** Keeps events for the answers that are on their way. */
export function keepNews(events: readonly StreamEvent[]): void {
  number += events.length
  kept = [...kept, ...events].slice(-KEPT)
}

/** The number of events that have come so far. */
export const newsSoFar = (): number => number

/** The events that have come after so many: an answer that was asked for then may have been read before them. */
export const newsAfter = (soFar: number): readonly StreamEvent[] =>
  soFar === number ? [] : kept.slice(-(number - soFar))
