import type { Cancel } from '../../clock.ts'
import type { Soon } from './store.ts'

/**
 * Takes one letter in. What it rejects stays where it is and comes again; what it does must bear repeating.
 *
 * @param isHeir the letter was for an owner that is gone
 */
export type HandleLetter = (letter: string, isHeir: boolean) => Soon<void>

/**
 * What the owners that share a store tell each other. A letter is kept until it was handled, by its owner or, once that is
 * gone, by any other; it may come more than once. Everything rejects with {@link StoreUnavailable}.
 */
export interface OwnerMail {
  /** Whether the owner was heard of within a lease. */
  lives(owner: string): Promise<boolean>
  /** Resolves when the letter is kept, whether its owner lives or not. */
  send(owner: string, letter: string): Promise<void>
  /** Hands over the letters of this owner in their order, and those of owners that are gone. */
  receive(owner: string, handle: HandleLetter): Cancel
  /**
   * The owner has settled its bid of that number; others are to know it when it is gone. Soon, and once tried.
   *
   * @param amount micros in its books for the bid; undefined for all that the bid could cost
   */
  noteSettled(owner: string, seq: number, amount: number | undefined): void
  /** What the owner had noted: micros, Infinity for all that the bid could cost, undefined for nothing. */
  settledAt(owner: string, seq: number): Promise<number | undefined>
}
