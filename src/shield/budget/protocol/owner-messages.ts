import type { Cancel } from '../../../time/clock.ts'

/**
 * Handles one message. If it rejects, the message stays in the box and is delivered again, so it must be idempotent.
 *
 * @param isHeir whether the message was for an owner that is gone
 */
export type HandleMessage = (message: string, isHeir: boolean) => void | Promise<void>

/**
 * Carries messages between the owners that share a store. A message is kept until its owner has handled it or, if that owner is gone,
 * any other owner; it may be delivered more than once. All methods reject with {@link StoreUnavailable}.
 */
export interface OwnerMessages {
  /** Whether the store has heard from the owner within the last lease time. */
  lives(owner: string): Promise<boolean>
  /** Resolves when the message is stored, whether its owner is alive or gone. */
  send(owner: string, message: string): Promise<void>
  /** Delivers the messages of this owner in order, and those of gone owners, until cancelled. */
  receive(owner: string, handle: HandleMessage): Cancel
  /**
   * Notes that the owner has settled its bid of that number, so that others know it once the owner is gone. Written in the
   * background, without a guarantee.
   *
   * @param amount micros that the owner booked for the bid; undefined for the bid's full price
   */
  noteSettled(owner: string, seq: number, amount: number | undefined): void
  /** What the owner noted for the bid: micros, Infinity for the bid's full price, undefined for nothing. */
  settledAt(owner: string, seq: number): Promise<number | undefined>
}
