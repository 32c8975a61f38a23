import { messageOf } from '../../../../errors.ts'
import { type Cancel, type Clock, every } from '../../../../time/clock.ts'
import type { HandleMessage, OwnerMessages } from '../../protocol/owner-messages.ts'
import { StoreUnavailable } from '../../protocol/store.ts'
import { type RedisClient, reach, redisClient } from './redis-client.ts'
import { RedisScript } from './redis-script.ts'
import { RedisSettledBids } from './redis-settled-bids.ts'

export interface RedisMailOptions {
  readonly clock: Clock
  readonly url: string
  readonly client: RedisClient
  /** The owners that Redis has heard from within a lease. */
  readonly living: () => Promise<ReadonlySet<string>>
  /** Resolves when enough replicas have what was written. */
  readonly confirm: () => Promise<void>
}

/** A hash of all boxes: by owner, when that owner last listed itself (wall-clock ms). */
const BOXES = 'bidwarden:boxes'
/**
 * The key of an owner's box. Each owner has its own hash tag, so that a Redis Cluster spreads the boxes. Earlier
 * versions called messages letters, and may read the same box.
 */
const boxOf = (owner: string) => `bidwarden:{mail:${owner}}:letters`
const heirOf = (owner: string) => `bidwarden:{mail:${owner}}:heir`

/** The most messages in one box (about 30 MB). A full box refuses messages, and the sender tries again. */
const MAX_MESSAGES = 100_000
/** The most messages that one read returns. */
const MESSAGES_AT_ONCE = 500
/** How long one read blocks until messages come, and how much longer its answer is awaited. */
const BLOCK_MS = 1_000
const ANSWER_MS = 1_500
/** How long reading pauses after an error. */
const PAUSE_MS = 250
/** How often the boxes of gone owners are checked, and for how long one process locks a box that it handles. */
const LOOK_MS = 1_000
const HEIR_MS = 10_000
/** How often an owner lists its box as in use, and after how long without that the box of a gone owner is deleted. */
const LISTED_MS = 60_000
const FORGET_AFTER_MS = 3_600_000

/** The owners' messages in Redis: one stream per owner. Handled messages are trimmed, so a box holds only open ones. */
export class RedisOwnerMessages implements OwnerMessages {
  readonly #options: RedisMailOptions
  readonly #script = new RedisScript('redis-owner-messages.lua')
  readonly #settledBids: RedisSettledBids

  constructor(options: RedisMailOptions) {
    this.#options = options
    this.#settledBids = new RedisSettledBids(options.clock, options.client)
  }

  async lives(owner: string): Promise<boolean> {
    return (await this.#options.living()).has(owner)
  }

  async send(owner: string, message: string): Promise<void> {
    const { client, confirm } = this.#options
    const isKept = await this.#script.run(client, [boxOf(owner)], { max: MAX_MESSAGES, message })
    if (isKept !== true) throw new StoreUnavailable(`the box of ${owner} is full`)
    await confirm()
  }

  noteSettled(owner: string, seq: number, amount: number | undefined): void {
    this.#settledBids.put(owner, seq, amount)
  }

  settledAt(owner: string, seq: number): Promise<number | undefined> {
    return this.#settledBids.get(owner, seq)
  }

  /** Writes the settled bids that still wait. */
  close(): Promise<void> {
    return this.#settledBids.write()
  }

  receive(owner: string, handle: HandleMessage): Cancel {
    const { clock, url } = this.#options
    const reader = redisClient(url, BLOCK_MS + ANSWER_MS)
    const work = { stopped: false, inheriting: false }
    this.#read(owner, handle, reader, work)
    const stopLooking = every(clock, LOOK_MS, () => {
      if (work.inheriting) return
      work.inheriting = true
      // Redis is unreachable: the next check may succeed.
      this.#inherit(owner, handle, work)
        .catch(() => undefined)
        .finally(() => {
          work.inheriting = false
        })
    })
    return () => {
      work.stopped = true
      stopLooking()
      reader.disconnect()
    }
  }

  /** Reads this owner's box on a separate connection, until stopped. */
  async #read(owner: string, handle: HandleMessage, reader: RedisClient, work: Work): Promise<void> {
    const { clock, client } = this.#options
    let listedMs = Number.NEGATIVE_INFINITY
    while (!work.stopped) {
      try {
        if (clock.elapsedMs() - listedMs >= LISTED_MS) {
          await client.hset(BOXES, owner, Math.floor(clock.nowMs()))
          listedMs = clock.elapsedMs()
        }
        if (reader.status === 'wait') await reader.connect()
        const read = await reader.xread(
          'COUNT',
          MESSAGES_AT_ONCE,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          boxOf(owner),
          '0',
        )
        await this.#handle(owner, read?.[0]?.[1] ?? [], handle, false, work)
      } catch (error) {
        // Redis is unreachable, or a message could not be handled: untrimmed messages are read again. A connection that is silent
        // for longer than a read blocks is dead, so it is replaced.
        if (!work.stopped && messageOf(error) === 'Command timed out') reader.disconnect(true)
        await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve))
      }
    }
  }

  async #inherit(self: string, handle: HandleMessage, work: Work): Promise<void> {
    const { clock, client, living } = this.#options
    const boxes = await client.hgetall(BOXES)
    const alive = await living()
    for (const [owner, listedMs] of Object.entries(boxes)) {
      if (owner === self || alive.has(owner)) continue
      if (await this.#takeOver(owner, handle, work)) continue
      if (clock.nowMs() - Number(listedMs) <= FORGET_AFTER_MS) continue
      await client.del(boxOf(owner))
      await client.hdel(BOXES, owner)
    }
  }

  /**
   * Handles the messages of a gone owner; false if its box is empty. The lock only saves work: it does no harm if two heirs
   * handle the same message.
   */
  async #takeOver(owner: string, handle: HandleMessage, work: Work): Promise<boolean> {
    const { client } = this.#options
    const look = () => client.xrange(boxOf(owner), '-', '+', 'COUNT', MESSAGES_AT_ONCE)
    let messages = await look()
    if (messages.length === 0) return false
    if ((await client.set(heirOf(owner), '1', 'PX', HEIR_MS, 'NX')) === null) return true
    try {
      for (; messages.length > 0 && !work.stopped; messages = await look()) {
        await this.#handle(owner, messages, handle, true, work)
      }
    } finally {
      await client.del(heirOf(owner))
    }
    return true
  }

  async #handle(
    owner: string,
    messages: Messages,
    handle: HandleMessage,
    isHeir: boolean,
    work: Work,
  ): Promise<void> {
    let last: string | undefined
    try {
      for (const [id, fields] of messages) {
        if (work.stopped) return
        const handled = handle(fields[1] ?? '', isHeir)
        if (handled instanceof Promise) await handled
        last = id
      }
    } finally {
      if (last !== undefined) await this.#trim(owner, last)
    }
  }

  /** Removes the messages up to this one. */
  async #trim(owner: string, id: string): Promise<void> {
    const [ms = '0', number = '0'] = id.split('-')
    const next = `${ms}-${BigInt(number) + 1n}`
    await reach(() => this.#options.client.xtrim(boxOf(owner), 'MINID', next))
  }
}

type Messages = readonly (readonly [id: string, fields: readonly string[]])[]

interface Work {
  stopped: boolean
  inheriting: boolean
}
