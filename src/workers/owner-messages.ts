import { type HandleMessage, type OwnerMessages, StoreUnavailable } from '../shield/index.ts'
import type { Cancel } from '../time/clock.ts'

type Deliver = (message: string) => Promise<void>

/**
 * The owners' messages between the primary and workers of one machine. Messages are not stored: {@link send} resolves when
 * the owner, or the primary for a gone owner, has handled the message. If it rejects, the sender must repeat the message.
 */
export class LocalOwnerMessages implements OwnerMessages {
  readonly #workers = new Map<string, Deliver>()
  #own: { readonly owner: string; readonly handle: HandleMessage } | undefined

  /** Adds a worker by its owner id. */
  add(owner: string, deliver: Deliver): void {
    this.#workers.set(owner, deliver)
  }

  /** Removes a worker that is gone; the primary then handles its messages. */
  remove(owner: string): void {
    this.#workers.delete(owner)
  }

  async lives(owner: string): Promise<boolean> {
    return this.#workers.has(owner) || this.#own?.owner === owner
  }

  async send(owner: string, message: string): Promise<void> {
    const deliver = this.#workers.get(owner)
    if (deliver) await deliver(message)
    else if (this.#own) await this.#own.handle(message, owner !== this.#own.owner)
    else throw new StoreUnavailable('no messages are taken in')
  }

  receive(owner: string, handle: HandleMessage): Cancel {
    this.#own = { owner, handle }
    return () => {
      this.#own = undefined
    }
  }

  /** Does nothing: the notice marks of workers already tell the primary which bids were settled. */
  noteSettled(): void {}

  async settledAt(): Promise<undefined> {
    return undefined
  }
}
