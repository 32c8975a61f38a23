import { randomInt } from 'node:crypto'

/** Numbers the bids of one process start. */
export interface BidIds {
  /** Random, fresh at every start: two lives of one process never share an id. */
  readonly owner: string
  /** 1, 2, 3 … */
  next(): number
}

const OWNER_LENGTH = 8
const RADIX = 36

export function createBidIds(owner = randomOwner()): BidIds {
  let last = 0
  return { owner, next: () => ++last }
}

function randomOwner(): string {
  return Array.from({ length: OWNER_LENGTH }, () => randomInt(RADIX).toString(RADIX)).join('')
}

/** The bid's id for the exchange. */
export const bidId = (owner: string, seq: number): string => `${owner}-${seq.toString(RADIX)}`
