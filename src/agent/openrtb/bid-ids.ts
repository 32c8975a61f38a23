import { randomInt } from 'node:crypto'

/** Numbers the bids of one process start. */
export interface BidIds {
  /** Random, fresh at every start: two lives of one process never share an id. */
  readonly owner: string
  /** 1, 2, 3 … */
  next(): number
}

/** 51 bits: no two starts of a fleet share one while either is remembered. */
const OWNER_LENGTH = 10
const RADIX = 36

export function createBidIds(owner = newOwner()): BidIds {
  let last = 0
  return { owner, next: () => ++last }
}

/** A fresh name for this start, for its bids and for the store that grants it money. */
export function newOwner(): string {
  return Array.from({ length: OWNER_LENGTH }, () => randomInt(RADIX).toString(RADIX)).join('')
}

/** The bid's id for the exchange. */
export const bidId = (owner: string, seq: number): string => `${owner}-${seq.toString(RADIX)}`
