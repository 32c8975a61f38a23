import { AppError } from '../../errors.ts'
import type { ConnectionRow } from '../connections.ts'
import { MAX_CONCURRENCY, SendLoop, UNREADABLE_MS } from '../delivery/index.ts'
import { claimMessages, dueSenders } from './outbox.ts'
import { type MessageDeps, sendClaimedMessage } from './send.ts'
import type { MessageSender, MessageSenders } from './senders.ts'

/** How long a stop waits for calls that are under way, in milliseconds; an unanswered message is then `unknown`. */
const LAST_CALLS_MS = 5_000
/** The most calls of one connection at once, so that a slow one does not delay the others. */
const MAX_OF_ONE = MAX_CONCURRENCY / 2

/** Sends messages that are due, as many at once as the platform's pool allows. */
export class MessageLoop extends SendLoop {
  readonly #deps: MessageDeps
  readonly #senders: MessageSenders
  /** Organisations whose credentials no key decrypts, with the time of the next try (elapsed ms). */
  readonly #unreadable = new Map<number, number>()

  constructor(deps: MessageDeps, senders: MessageSenders) {
    super(deps, { what: 'messages', lastCallsMs: LAST_CALLS_MS })
    this.#deps = deps
    this.#senders = senders
    this.nudge()
  }

  protected async look(): Promise<void> {
    const { store, clock } = this.#deps
    for (const row of await dueSenders(store, clock.nowMs())) {
      const sender = this.#senderOf(row)
      if (sender) await this.#take(sender, row)
    }
  }

  async #take(sender: MessageSender, row: ConnectionRow): Promise<void> {
    const { clock } = this.#deps
    const places = Math.min(MAX_CONCURRENCY - this.size, MAX_OF_ONE - sender.underWay)
    if (this.isStopping || places <= 0) return
    if (clock.elapsedMs() < sender.heldUntilMs || !sender.breaker.admits) return
    for (const claimed of await claimMessages(this.#deps, row.org_id, sender.account, places))
      this.add(sender, sendClaimedMessage(this.#deps, sender, row, claimed))
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
}
