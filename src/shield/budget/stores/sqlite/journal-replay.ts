import { CHAIN_START, chainHash, entryOf } from './journal-entry.ts'
import { JournalLedger } from './journal-ledger.ts'

/** The ledger after an entry, with the number and hash of that entry. */
export interface Replayed {
  readonly journal: JournalLedger
  number: number
  hash: string
}

/** A ledger before its first entry. */
export const unwritten = (): Replayed => ({ journal: new JournalLedger(), number: 0, hash: CHAIN_START })

/**
 * Applies the next entry of a journal. Returns undefined if it is right, else what is wrong: a gap in the numbers, a
 * broken hash chain, or an effect that differs from the one that is written.
 */
export function replay(at: Replayed, { text, hash }: { text: string; hash: string }): string | undefined {
  if (chainHash(at.hash, text) !== hash) return 'its hash is not that of its text and the entry before it'
  const { number, atMs, elapsedMs, command, effect } = entryOf(text)
  if (number !== at.number + 1) return `entry ${at.number + 1} is missing before it`
  const found = at.journal.apply(command, { elapsedMs, wallMs: atMs })
  const written = JSON.stringify(effect)
  const recomputed = JSON.stringify(found.effect)
  if (written !== recomputed) return `it says ${written}, but by the entries before it is ${recomputed}`
  at.number = number
  at.hash = hash
  return undefined
}
