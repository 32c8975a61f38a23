import { AppError, messageOf } from '../../errors.ts'
import { StoreAway } from '../../sync/index.ts'
import { endedWithin, Rounds } from '../../time/rounds.ts'
import type { ConnectionRow } from '../connections.ts'
import { MAX_CONCURRENCY } from '../delivery/index.ts'
import { claimMessages, dueSenders } from './outbox.ts'
import { type MessageDeps, sendClaimedMessage } from './send.ts'
import type { MessageSender, MessageSenders } from './senders.ts'

/** Milliseconds between two looks without a nudge. */
const POLL_MS = 250
/** Milliseconds for which calls under way are waited for at a stop: what has no answer then is unknown. */
const LAST_CALLS_MS = 5_000
const UNREADABLE_MS = 60_000
/** Calls of one connection at once, so that one that is slow does not hold up the others. */
const MAX_OF_ONE = MAX_CONCURRENCY / 2

/** Sends messages that are due, as many at once as the platform's pool allows. */
export class MessageWorker {
  readonly #deps: MessageDeps
  readonly #senders: MessageSenders
  readonly #running = new Set<Promise<void>>()
  /** Organisations whose credentials no key opens, until when (elapsed ms). */
  readonly #unreadable = new Map<number, number>()
  readonly #rounds: Rounds

  constructor(deps: MessageDeps, senders: MessageSenders) {
    this.#deps = deps
    this.#senders = senders
    this.#rounds = new Rounds(deps.clock, {
      periodMs: POLL_MS,
      round: () => this.#look(),
      onError: (error) => this.#report(error),
    })
    this.nudge()
  }

  /** Looks for messages that are due now. */
  nudge(): void {
    this.#rounds.nudge()
  }

  /** Takes nothing more and waits for calls that are under way. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
    await endedWithin(this.#deps.clock, LAST_CALLS_MS, this.#running)
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#deps
    if (store.state.is === 'away') return
    for (const row of await dueSenders(store, clock.nowMs())) {
      const sender = this.#senderOf(row)
      if (sender) await this.#take(sender, row)
    }
  }

  async #take(sender: MessageSender, row: ConnectionRow): Promise<void> {
    const { clock } = this.#deps
    const places = Math.min(MAX_CONCURRENCY - this.#running.size, MAX_OF_ONE - sender.underWay)
    if (this.#rounds.isStopping || places <= 0) return
    if (clock.elapsedMs() < sender.heldUntilMs || !sender.breaker.admits) return
    for (const claimed of await claimMessages(this.#deps, row.org_id, sender.account, places)) {
      sender.underWay += 1
      const sending = sendClaimedMessage(this.#deps, sender, row, claimed)
        .catch((error) => this.#report(error))
        .finally(() => {
          sender.underWay -= 1
          this.#running.delete(sending)
          this.nudge()
        })
      this.#running.add(sending)
    }
  }

  #senderOf(row: ConnectionRow): MessageSender | undefined {
    const { clock, log } = this.#deps
    if ((this.#unreadable.get(row.org_id) ?? 0) > clock.elapsedMs()) return undefined
    try {
      return this.#senders.of(row)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#unreadable.set(row.org_id, clock.elapsedMs() + UNREADABLE_MS)
      log.error({ platform: row.platform, org: row.org_id }, error.message)
      return undefined
    }
  }

  /** An unavailable database is logged once, when it becomes unavailable; what was taken is then unknown. */
  #report(error: unknown): void {
    if (error instanceof StoreAway) return
    this.#deps.log.error({ err: error }, `messages cannot be sent: ${messageOf(error)}`)
  }
}
