import { nanoid } from 'nanoid'
import { AppError } from '../../errors.ts'
import type { CallLimits } from '../../shield/index.ts'
import { type ConnectionRow, findConnection, settingsOf } from '../connections.ts'
import { MESSAGE_PLATFORM, type MessageTable } from '../conversions.ts'
import { forgetFormer } from '../former-numbers.ts'
import { WaitingRows } from '../waiting-rows.ts'
import { contentDigests, contentOf, type MessageInput, type MessageRow, sealContent } from './message.ts'
import { MessageLoop } from './message-loop.ts'
import {
  addMessage,
  countMessages,
  findMessage,
  forgetMessages,
  settleLeft,
  settleMessages,
} from './outbox.ts'
import type { MessageDeps } from './send.ts'
import { MessageSenders } from './senders.ts'

/** How long a message may wait to be sent, in milliseconds: after a day nobody expects it any more. */
const WAIT_MS = 86_400_000
const DAY_MS = 86_400_000

export interface MessengerDeps extends MessageDeps {
  readonly callLimits: CallLimits
  readonly onBreaker: (orgId: number, from: string, to: string) => void
}

/** WhatsApp messages: accepts them from callers, sends each once, and follows the statuses that webhooks report. */
export class Messenger {
  readonly #deps: MessengerDeps
  readonly #senders: MessageSenders
  readonly #loop: MessageLoop
  readonly #waiting: WaitingRows
  #rows = 0

  private constructor(deps: MessengerDeps) {
    this.#deps = deps
    this.#senders = new MessageSenders(deps)
    this.#loop = new MessageLoop(deps, this.#senders)
    this.#waiting = new WaitingRows('messages', deps.tableLimits.waiting_messages)
  }

  static async start(deps: MessengerDeps): Promise<Messenger> {
    await settleLeft(deps)
    return new Messenger(deps)
  }

  /** Stores a message, to be sent soon. A repetition returns the state of the first one. */
  async take(
    orgId: number,
    input: MessageInput,
  ): Promise<{ readonly row: MessageRow; readonly isNew: boolean }> {
    const { store, clock, keyring, defaultRegion } = this.#deps
    const connection = await findConnection(store, orgId, MESSAGE_PLATFORM)
    if (!connection || connection.status === 'disconnected')
      throw new AppError('invalid_request', `${MESSAGE_PLATFORM} is not connected`)
    const content = contentOf(input, settingsOf(connection).default_region ?? defaultRegion)
    const key = { org_id: orgId, message_id: input.message_id }
    const digests = contentDigests(keyring, key, content)
    // A repetition is answered even if there is no room for a new message.
    if (!(await findMessage(store, orgId, input.message_id))) this.#waiting.require(orgId, 1)
    const nowMs = clock.nowMs()
    const taken = await addMessage(
      store,
      {
        ...key,
        body_digest: digests[0],
        template: input.template.name,
        language: input.template.language,
        callback_id: nanoid(32),
        expires_ms: nowMs + WAIT_MS,
        created_ms: nowMs,
        sealed: sealContent(keyring, key, content),
      },
      digests,
    )
    this.#deps.meter.message(taken.isNew ? 'taken' : 'duplicate')
    if (taken.isNew) {
      this.#waiting.add(orgId, 1)
      this.#loop.nudge()
    }
    return taken
  }

  /** Sends waiting messages soon; called when something changed that had kept them waiting. */
  nudge(): void {
    this.#loop.nudge()
  }

  /** Tests whether the connection works. */
  test(row: ConnectionRow): ReturnType<ReturnType<MessageSenders['of']>['test']> {
    return this.#senders.of(row).test(this.#deps.calls)
  }

  /** The state of the connection's circuit breaker. */
  circuitOf(orgId: number): string {
    return this.#senders.find(orgId)?.breaker.state.is ?? 'closed'
  }

  /** Rows of the organisation that has the most, as of the last {@link count}. */
  rowsOf(table: MessageTable): number {
    return table === 'messages' ? this.#rows : this.#waiting.most
  }

  /** Ends messages that nobody will end otherwise. Called every few seconds. */
  settle(): Promise<void> {
    return settleMessages(this.#deps)
  }

  /** Counts the stored and the waiting messages, and deletes the oldest ones where there are too many. */
  async count(): Promise<void> {
    const { store, tableLimits } = this.#deps
    const { rows, waiting } = await countMessages(store, tableLimits.messages)
    this.#rows = rows
    this.#waiting.counted(waiting)
  }

  /** Deletes messages that are older than so many days, and former numbers that are no longer needed. */
  async forget(keepDays: number): Promise<void> {
    const { store, clock } = this.#deps
    await forgetFormer(store, clock.nowMs())
    await forgetMessages(store, clock.nowMs() - keepDays * DAY_MS)
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }
}
