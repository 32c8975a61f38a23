import { type Cancel, type Clock, every } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { HandleLetter, OwnerMail } from './mail.ts'
import { type RedisClient, RedisScript, reach, redisClient } from './redis-client.ts'
import { RedisMarks } from './redis-marks.ts'
import { StoreUnavailable } from './store.ts'

export interface RedisMailOptions {
  readonly clock: Clock
  readonly url: string
  readonly client: RedisClient
  /** The owners that were heard of within a lease. */
  readonly living: () => Promise<ReadonlySet<string>>
  /** Resolves when what was written is safe. */
  readonly confirm: () => Promise<void>
}

/** All boxes, by owner, with when the owner was last known to live. */
const BOXES = 'bidwarden:boxes'
/** One hash tag per owner, so that a Redis Cluster spreads them. */
const boxOf = (owner: string) => `bidwarden:{mail:${owner}}:letters`
const heirOf = (owner: string) => `bidwarden:{mail:${owner}}:heir`

/** Letters in one box, about 30 MB; a full one takes none, and whoever sends tries again. */
const MAX_LETTERS = 100_000
const LETTERS_AT_ONCE = 500
/** One read waits this long for letters, and this much longer for its answer. */
const BLOCK_MS = 1_000
const ANSWER_MS = 1_500
const PAUSE_MS = 250
/** Boxes of owners that are gone are looked into this often, by one process at a time. */
const LOOK_MS = 1_000
const HEIR_MS = 10_000
/** An owner says so often that its box is in use; one that has not said so for the longer time is forgotten with its box. */
const LISTED_MS = 60_000
const FORGET_AFTER_MS = 3_600_000

/** A stream per owner. What was handled is trimmed, so a box holds just what nobody has settled. */
export class RedisMail implements OwnerMail {
  readonly #options: RedisMailOptions
  readonly #script = new RedisScript('redis-mail.lua')
  readonly #marks: RedisMarks

  constructor(options: RedisMailOptions) {
    this.#options = options
    this.#marks = new RedisMarks(options.clock, options.client)
  }

  async lives(owner: string): Promise<boolean> {
    return (await this.#options.living()).has(owner)
  }

  async send(owner: string, letter: string): Promise<void> {
    const { client, confirm } = this.#options
    const isKept = await this.#script.run(client, [boxOf(owner)], { max: MAX_LETTERS, letter })
    if (isKept !== true) throw new StoreUnavailable(`the box of ${owner} is full`)
    await confirm()
  }

  noteSettled(owner: string, seq: number, amount: number | undefined): void {
    this.#marks.put(owner, seq, amount)
  }

  settledAt(owner: string, seq: number): Promise<number | undefined> {
    return this.#marks.get(owner, seq)
  }

  /** Tells what has not been told yet. */
  close(): Promise<void> {
    return this.#marks.write()
  }

  receive(owner: string, handle: HandleLetter): Cancel {
    const { clock, url } = this.#options
    const reader = redisClient(url, BLOCK_MS + ANSWER_MS)
    const work = { stopped: false, inheriting: false }
    this.#read(owner, handle, reader, work)
    const stopLooking = every(clock, LOOK_MS, () => {
      if (work.inheriting) return
      work.inheriting = true
      // Away: the next look may succeed.
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

  /** Reads the own box on a connection of its own, until stopped. */
  async #read(owner: string, handle: HandleLetter, reader: RedisClient, work: Work): Promise<void> {
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
          LETTERS_AT_ONCE,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          boxOf(owner),
          '0',
        )
        await this.#handle(owner, read?.[0]?.[1] ?? [], handle, false, work)
      } catch (error) {
        // Away, or a letter could not be taken in: all that is not trimmed is read again. A line that is silent for longer
        // than a read waits is dead, whatever the system says.
        if (!work.stopped && messageOf(error) === 'Command timed out') reader.disconnect(true)
        await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve))
      }
    }
  }

  async #inherit(self: string, handle: HandleLetter, work: Work): Promise<void> {
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
   * Handles what an owner has left behind; false for an empty box. The lock spares work: that two heirs handle one letter
   * would do no harm.
   */
  async #takeOver(owner: string, handle: HandleLetter, work: Work): Promise<boolean> {
    const { client } = this.#options
    const look = () => client.xrange(boxOf(owner), '-', '+', 'COUNT', LETTERS_AT_ONCE)
    let letters = await look()
    if (letters.length === 0) return false
    if ((await client.set(heirOf(owner), '1', 'PX', HEIR_MS, 'NX')) === null) return true
    try {
      for (; letters.length > 0 && !work.stopped; letters = await look()) {
        await this.#handle(owner, letters, handle, true, work)
      }
    } finally {
      await client.del(heirOf(owner))
    }
    return true
  }

  async #handle(
    owner: string,
    letters: Letters,
    handle: HandleLetter,
    isHeir: boolean,
    work: Work,
  ): Promise<void> {
    let last: string | undefined
    try {
      for (const [id, fields] of letters) {
        if (work.stopped) return
        const handled = handle(fields[1] ?? '', isHeir)
        if (handled instanceof Promise) await handled
        last = id
      }
    } finally {
      if (last !== undefined) await this.#trim(owner, last)
    }
  }

  /** Removes the letters up to this one. */
  async #trim(owner: string, id: string): Promise<void> {
    const [ms = '0', number = '0'] = id.split('-')
    const next = `${ms}-${BigInt(number) + 1n}`
    await reach(() => this.#options.client.xtrim(boxOf(owner), 'MINID', next))
  }
}

type Letters = readonly (readonly [id: string, fields: readonly string[]])[]

interface Work {
  stopped: boolean
  inheriting: boolean
}
