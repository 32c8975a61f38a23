import { randomInt } from 'node:crypto'

/** Numbers the bids of one owner. */
export interface BidIds {
  /** Random, new at every start, so that two starts never share an id. */
  readonly owner: string
  /** The next number: 1, 2, 3 … */
  next(): number
}

/**
 * Characters of an owner's name, 51 bits: two starts do not get the same name while either is remembered.
 */
const OWNER_LENGTH = 10
const RADIX = 36

export function createBidIds(owner = newOwner()): BidIds {
  let last = 0
  return { owner, next: () => ++last }
}

/** A new owner name for this start, used in its bid ids and at the store. */
export function newOwner(): string {
  return Array.from({ length: OWNER_LENGTH }, () => randomInt(RADIX).toString(RADIX)).join('')
}

/** Id of a bid as the exchange sees it. */
export const bidId = (owner: string, seq: number): string => `${owner}-${seq.toString(RADIX)}`
