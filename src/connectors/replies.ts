import type { Failure } from '../outcome.ts'
import type { Reply } from './connector.ts'

/** Our own words for what went wrong inside a conversation; see {@link Failure}. */
export const refused = (detail: string): Failure => ({ is: 'refused', detail })
/** For an answer to a read that cannot be understood: nothing was changed. */
export const unavailable = (detail: string): Failure => ({ is: 'unavailable', detail })
/** For an answer to a write that cannot be understood. */
export const unknown = (detail: string): Failure => ({ is: 'unknown', detail })

export const bodyOf = (reply: Reply): unknown => (reply.is === 'ok' ? reply.body : undefined)
