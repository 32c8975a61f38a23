import type { Cancel } from '../clock.ts'
import { type HandleLetter, type OwnerMail, StoreUnavailable } from '../shield/index.ts'

type Deliver = (letter: string) => Promise<void>

/**
 * How the owners of one machine reach each other. Nothing is kept: a letter is sent when its owner, or the primary in the
 * place of one that is gone, has handled it; until then whoever sends it has to repeat it.
 */
export class PostOffice implements OwnerMail {
  readonly #workers = new Map<string, Deliver>()
  #own: { readonly owner: string; readonly handle: HandleLetter } | undefined

  /** A worker has come that bids under this name. */
  add(owner: string, deliver: Deliver): void {
    this.#workers.set(owner, deliver)
  }

  /** It is gone: the primary is the heir of its letters. */
  remove(owner: string): void {
    this.#workers.delete(owner)
  }

  async lives(owner: string): Promise<boolean> {
    return this.#workers.has(owner) || this.#own?.owner === owner
  }

  async send(owner: string, letter: string): Promise<void> {
    const deliver = this.#workers.get(owner)
    if (deliver) await deliver(letter)
    else if (this.#own) await this.#own.handle(letter, owner !== this.#own.owner)
    else throw new StoreUnavailable('no letters are taken in')
  }

  receive(owner: string, handle: HandleLetter): Cancel {
    this.#own = { owner, handle }
    return () => {
      this.#own = undefined
    }
  }

  /** What workers have settled is known by the marks they send. */
  noteSettled(): void {}

  async settledAt(): Promise<undefined> {
    return undefined
  }
}
