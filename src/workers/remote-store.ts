import { messageOf } from '../errors.ts'
import {
  type Bill,
  type BudgetStore,
  type Control,
  type HandleMessage,
  type KillSwitch,
  type OwnerMessages,
  type PauseState,
  type ScopeDefinition,
  StoreUnavailable,
  type SyncLine,
} from '../shield/index.ts'
import type { Cancel } from '../time/clock.ts'
import type { Primary } from './link.ts'

/** The primary's budget store as a worker uses it. With Redis a worker does not use it: it connects to Redis itself. */
export class RemoteStore implements BudgetStore, OwnerMessages {
  readonly answersAtOnce = false
  /** True, since the primary's store is then a ledger, which limits forfeits. */
  readonly boundsForfeits = true
  readonly ownerMessages = this
  readonly #primary: Primary
  readonly #watchers = new Set<(control: Control) => void>()
  #handle: HandleMessage | undefined

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

  /** Call with every change of control from the primary. */
  applyControl(control: Control): void {
    for (const onChange of this.#watchers) onChange(control)
  }

  /** Always true: messages go to the primary, which handles those of gone owners. */
  lives(): Promise<boolean> {
    return Promise.resolve(true)
  }

  send(owner: string, message: string): Promise<void> {
    return reached(this.#primary.send(owner, message))
  }

  receive(_owner: string, handle: HandleMessage): Cancel {
    this.#handle = handle
    return () => {
      this.#handle = undefined
    }
  }

  /** Call with every message from the primary; rejects if it could not be handled. */
  async take(message: string): Promise<void> {
    if (!this.#handle) throw new StoreUnavailable('no messages are taken in')
    await this.#handle(message, false)
  }

  /** Does nothing: the notice marks of this worker already tell the primary which bids were settled. */
  noteSettled(): void {}

  async settledAt(): Promise<undefined> {
    return undefined
  }

  async close(): Promise<void> {
    this.#watchers.clear()
  }
}

/** Turns every error of the primary or of the channel into {@link StoreUnavailable}. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw new StoreUnavailable(messageOf(error))
  }
}
