import type { Played } from '../protocol.ts'
import { createRefusedEvents, type RefusedEvents } from './checks.ts'
import type { Tally } from './tally.ts'

/** Where events are sent to: a pixel, a dataset or a number, and its access token. */
export interface TakerAccount {
  readonly id: string
  readonly accessToken: string
}

/** A platform that takes events or messages. */
export interface EventTaker extends Played {
  readonly tally: Tally
  readonly refusals: RefusedEvents
  /** Whether its access token is revoked. */
  isRevoked: boolean
}

export const newTaker = () => ({ refusals: createRefusedEvents(), isRevoked: false })
