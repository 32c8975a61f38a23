import type { Cancel } from '../clock.ts'
import { messageOf } from '../errors.ts'
import {
  type Bill,
  type BudgetStore,
  type Control,
  type HandleLetter,
  type KillSwitch,
  type OwnerMail,
  type PauseState,
  type ScopeDefinition,
  StoreUnavailable,
  type SyncLine,
} from '../shield/index.ts'
import type { Primary } from './link.ts'

/** The budget store of the primary, for a worker. */
export class RemoteStore implements BudgetStore, OwnerMail {
  readonly answersAtOnce = false
  /** The primary's budgets are in a ledger of its own: with Redis a worker asks Redis itself. */
  readonly boundsForfeits = true
  readonly mail = this
  readonly #primary: Primary
  readonly #watchers = new Set<(control: Control) => void>()
  #handle: HandleLetter | undefined

  constructor(primary: Primary) {
    this.#primary = primary
  }

  sync(owner: string, lines: readonly SyncLine[]) {
    return reached(this.#primary.sync(owner, lines))
  }

  bill(bills: readonly Bill[]) {
    return reached(this.#primary.bill(bills))
  }

  leave(owner: string) {
    return reached(this.#primary.leave(owner))
  }

  define(definition: ScopeDefinition) {
    return reached(this.#primary.define(definition))
  }

  remove(scope: string) {
    return reached(this.#primary.remove(scope))
  }

  setPause(scope: string, pause: PauseState) {
    return reached(this.#primary.setPause(scope, pause))
  }

  setKillSwitch(killSwitch: KillSwitch) {
    return reached(this.#primary.setKillSwitch(killSwitch))
  }

  control(scopes?: readonly string[]) {
    return reached(this.#primary.control(scopes))
  }

  trust() {
    return reached(this.#primary.trust())
  }

  watch(onChange: (control: Control) => void): Cancel {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  /** To be told of every change. */
  obey(control: Control): void {
    for (const onChange of this.#watchers) onChange(control)
  }

  /** Whoever it is: the primary knows, and takes the place of one that is gone. */
  lives(): Promise<boolean> {
    return Promise.resolve(true)
  }

  send(owner: string, letter: string): Promise<void> {
    return reached(this.#primary.send(owner, letter))
  }

  receive(_owner: string, handle: HandleLetter): Cancel {
    this.#handle = handle
    return () => {
      this.#handle = undefined
    }
  }

  /** To be told of every letter; rejects when it could not be taken in. */
  async take(letter: string): Promise<void> {
    if (!this.#handle) throw new StoreUnavailable('no letters are taken in')
    await this.#handle(letter, false)
  }

  /** The marks of this worker's notices tell the primary. */
  noteSettled(): void {}

  async settledAt(): Promise<undefined> {
    return undefined
  }

  async close(): Promise<void> {
    this.#watchers.clear()
  }
}

/** Whatever it was that failed in the primary or on the way, the store is away. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw new StoreUnavailable(messageOf(error))
  }
}
