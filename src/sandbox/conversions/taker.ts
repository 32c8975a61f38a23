import type { Played } from '../protocol.ts'
import { createRefused, type Refused } from './checks.ts'
import type { Tally } from './tally.ts'

/** What is counted for, and who may send to it. */
export interface TakerAccount {
  readonly id: string
  readonly accessToken: string
}

/** A platform that takes events. */
export interface EventTaker extends Played {
  readonly tally: Tally
  /** Events that it refuses whatever they are. */
  readonly refusals: Refused
  /** Whether its access token was taken back. */
  isRevoked: boolean
}

export const newTaker = () => ({ refusals: createRefused(), isRevoked: false })
