import { randomUUID } from 'node:crypto'
import { messageOf } from '../errors.ts'
import { type HttpClient, retryAfterMs } from '../http/http.ts'
import { standardSignature } from '../http/standard-webhooks.ts'
import type { Logger } from '../log.ts'
import { type Entry, type Records, RecordsUnavailable, type Recovered } from '../storage/index.ts'
import { type Clock, every, isoTime } from '../time/clock.ts'
import type { EventParts, News } from './kinds.ts'
import { type Notification, readKept } from './notification.ts'

/** Address and keys of notifications. */
export interface NotifySettings {
  /** May contain a secret, so it is never in a log or an answer. */
  readonly url: string
  /** Keys that each notification is signed with, one signature each. */
  readonly keys: readonly Buffer[]
  readonly kinds: ReadonlySet<string>
}

export interface NotificationsOptions {
  /** Undefined where no notifications are sent. */
  readonly settings: NotifySettings | undefined
  readonly clock: Clock
  readonly log: Logger
  readonly http: HttpClient
  readonly records: Records
  readonly recovered: Pick<Recovered, 'notifications'>
  readonly onResult: (result: DeliveryResult) => void
  /** Most notifications kept, waiting and ended. */
  readonly max: { readonly waiting: number; readonly ended: number }
}

/** Results of a try, and ends of a notification. */
export const DELIVERY_RESULTS = ['delivered', 'failed', 'given_up', 'pushed_out'] as const
export type DeliveryResult = (typeof DELIVERY_RESULTS)[number]

/** Seconds before each retry. After one more failure it is given up, about 18 hours after the first try. */
const WAIT_SECONDS = [5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000]
/** Share by which each wait varies at random, so that notifications that failed together do not return together. */
const JITTER = 0.2
/** Longest wait that a receiver may ask for, in milliseconds. */
const LONGEST_WAIT_MS = 86_400_000
const ATTEMPT_MS = 20_000
const LOOK_MS = 1_000
/** Most tries at the same time; each may occupy a connection that hangs. */
const MAX_UNDER_WAY = 4
/** Longest event in characters; a longer one is sent without its data. */
const MAX_BODY_CHARS = 16_384

const aboutOf = ({ kind, subject }: Notification): string => `${kind} ${subject}`

/**
 * Sends notifications to the operator's address. Each is kept until delivered, retried with growing waits, and given up
 * in the end. Callers never wait for it.
 */
export class Notifications {
  readonly #options: NotificationsOptions
  /** Notifications by id, oldest first. */
  readonly #kept = new Map<string, Notification>()
  /** Time of the next try by id, by `elapsedMs` of the clock. */
  readonly #dueMs = new Map<string, number>()
  readonly #underWay = new Set<string>()
  /** Ids of notifications that changed since they were written. Never more than are kept. */
  readonly #unwritten = new Set<string>()
  readonly #stopping = new AbortController()
  readonly #stopLooking: () => void
  #isFull = false
  #nextNumber = 1

  constructor(options: NotificationsOptions) {
    const { clock, log, recovered } = options
    this.#options = options
    const kept = recovered.notifications.flatMap(({ id, text }) => {
      const one = readKept(text)
      if (!one) log.warn({ notification: id }, 'notification not restored')
      return one ? [one] : []
    })
    for (const one of kept.toSorted((a, b) => a.number - b.number)) {
      this.#kept.set(one.id, one)
      this.#nextNumber = one.number + 1
      // At most the longest wait, even if the wall clock was changed meanwhile.
      const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(0, one.nextMs - clock.nowMs()))
      if (one.status === 'waiting') this.#dueMs.set(one.id, clock.elapsedMs() + waitMs)
    }
    this.#stopLooking = every(clock, LOOK_MS, () => this.#look())
  }

  /** Whether an address is configured. */
  get isOn(): boolean {
    return this.#options.settings !== undefined
  }

  /** Number of notifications that wait for a try. */
  get waiting(): number {
    return this.#waiting().length
  }

  /** Number of kept notifications that are not tried any more. */
  get ended(): number {
    return this.#kept.size - this.waiting
  }

  /** Sends a notification about something that has just happened. */
  tell({ kind, subject, data }: News): void {
    const time = isoTime(this.#options.clock.nowMs())
    const about = { specversion: '1.0', id: randomUUID(), source: '/bidwarden', type: kind, subject, time }
    const event = { ...about, datacontenttype: 'application/json', data }
    void this.pass(event)
  }

  /**
   * Sends an event as a notification, once however often it is passed. Resolves when a restart will know of it, or when
   * it cannot be recorded now.
   */
  async pass(event: EventParts): Promise<void> {
    const { settings, clock } = this.#options
    if (!settings?.kinds.has(event.type) || this.#kept.has(event.id)) return
    const text = JSON.stringify(event)
    const nowMs = clock.nowMs()
    const body = text.length > MAX_BODY_CHARS ? JSON.stringify({ ...event, data: { truncated: true } }) : text
    const { id, type: kind, subject } = event
    this.#makeRoom()
    const number = this.#nextNumber++
    const fresh = { id, number, kind, subject, body, atMs: nowMs, attempts: 0, nextMs: nowMs }
    const written = this.#putOff({ ...fresh, status: 'waiting' }, 0)
    this.#look()
    await written
  }

  /** All kept notifications, newest first. */
  list(): Notification[] {
    return [...this.#kept.values()].reverse()
  }

  /** Sends a notification again, with its own id and a new count of tries; undefined for an unknown one. */
  async replay(id: string): Promise<Notification | undefined> {
    const one = this.#kept.get(id)
    if (!one) return undefined
    if (this.#underWay.has(id)) return one
    const { error: _, ...fresh } = one
    const written = this.#putOff({ ...fresh, status: 'waiting', attempts: 0 }, 0)
    const again = this.#kept.get(id)
    this.#look()
    await written
    return again
  }

  /** Breaks off running tries; they are repeated after the next start. */
  close(): void {
    this.#stopLooking()
    this.#stopping.abort()
  }

  #waiting(): Notification[] {
    return [...this.#kept.values()].filter(({ status }) => status === 'waiting')
  }

  /**
   * Starts the tries that are due, oldest first. News of one kind about one subject are under way one at a time: the address would
   * else be told of a state and of its end in either order.
   */
  #look(): void {
    const { settings, clock } = this.#options
    if (this.#stopping.signal.aborted) return
    void this.#write()
    if (!settings) return
    const nowMs = clock.elapsedMs()
    const waiting = this.#waiting()
    const told = new Set(waiting.filter(({ id }) => this.#underWay.has(id)).map(aboutOf))
    for (const one of waiting) {
      if (this.#underWay.size >= MAX_UNDER_WAY) return
      if ((this.#dueMs.get(one.id) ?? 0) > nowMs || told.has(aboutOf(one))) continue
      told.add(aboutOf(one))
      this.#underWay.add(one.id)
      void this.#try(settings, one)
    }
  }

  async #try(settings: NotifySettings, one: Notification): Promise<void> {
    const { clock, http } = this.#options
    const timestamp = String(Math.floor(clock.nowMs() / 1_000))
    const headers = {
      'content-type': 'application/cloudevents+json',
      'webhook-id': one.id,
      'webhook-timestamp': timestamp,
      'webhook-signature': standardSignature({ ...one, timestamp }, settings.keys),
    }
    const request = { method: 'POST', url: settings.url, headers, body: one.body } as const
    const sent = await http.send(request, ATTEMPT_MS, this.#stopping.signal)
    this.#underWay.delete(one.id)
    if (this.#stopping.signal.aborted) return
    // Redirects are not followed, so that only the configured address gets the notification.
    if (sent.is !== 'answered') await this.#failed(one, sent.detail, 0)
    else if (sent.response.status >= 200 && sent.response.status < 300) await this.#delivered(one)
    else {
      const { status, headers: answered } = sent.response
      await this.#failed(one, `answered ${status}`, retryAfterMs(answered, clock.nowMs()) ?? 0)
    }
    this.#look()
  }

  async #delivered({ error: _, ...one }: Notification): Promise<void> {
    this.#options.onResult('delivered')
    if (this.waiting < this.#options.max.waiting) this.#isFull = false
    await this.#put({ ...one, attempts: one.attempts + 1, status: 'delivered' })
  }

  async #failed(one: Notification, error: string, atLeastMs: number): Promise<void> {
    const { log, onResult } = this.#options
    const attempts = one.attempts + 1
    const about = { notification: one.id, type: one.kind, attempts, detail: error }
    const waitSeconds = WAIT_SECONDS[one.attempts]
    onResult('failed')
    if (waitSeconds === undefined) {
      onResult('given_up')
      log.error(about, 'a notification was given up')
      await this.#put({ ...one, attempts, error, status: 'dead' })
      return
    }
    log.warn(about, 'a notification was not taken, and is tried again')
    const backOffMs = waitSeconds * 1_000 * (1 + JITTER * (2 * Math.random() - 1))
    const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(backOffMs, atLeastMs))
    await this.#putOff({ ...one, attempts, error }, waitMs)
  }

  /** Ends the oldest waiting notification when too many wait. An operator can send it again. */
  #makeRoom(): void {
    const { log, onResult, max } = this.#options
    const waiting = this.#waiting()
    if (waiting.length < max.waiting) return
    const oldest = waiting.find(({ id }) => !this.#underWay.has(id))
    if (!oldest) return
    if (!this.#isFull)
      log.error({ waiting: waiting.length }, 'too many notifications wait; the oldest are given up')
    this.#isFull = true
    onResult('pushed_out')
    void this.#put({ ...oldest, status: 'dead', error: 'too many newer ones waited' })
  }

  /** Keeps a waiting notification, to be tried after `waitMs` milliseconds. */
  #putOff(one: Notification, waitMs: number): Promise<void> {
    const { clock } = this.#options
    this.#dueMs.set(one.id, clock.elapsedMs() + waitMs)
    return this.#put({ ...one, nextMs: Math.ceil(clock.nowMs() + waitMs) })
  }

  /** Keeps a notification, and drops the oldest ended ones: delivered ones first. */
  async #put(one: Notification): Promise<void> {
    this.#kept.set(one.id, one)
    this.#unwritten.add(one.id)
    if (one.status !== 'waiting') this.#dueMs.delete(one.id)
    const ended = [...this.#kept.values()].filter(({ status }) => status !== 'waiting')
    if (ended.length > this.#options.max.ended) {
      const old = ended.find(({ status }) => status === 'delivered') ?? ended[0]
      if (old) {
        this.#kept.delete(old.id)
        this.#unwritten.add(old.id)
      }
    }
    await this.#write()
  }

  /** Writes all changed notifications. What cannot be written now is sent all the same. */
  async #write(): Promise<void> {
    const { records, log } = this.#options
    if (!records.lasts || this.#unwritten.size === 0 || records.state.is === 'away') return
    const entries = [...this.#unwritten].map((id): Entry => {
      const one = this.#kept.get(id)
      return one ? { put: 'notification', id, text: JSON.stringify(one) } : { put: 'no_notification', id }
    })
    this.#unwritten.clear()
    try {
      await records.append(entries)
    } catch (error) {
      // The records write them later; until then a restart does not know them.
      if (!(error instanceof RecordsUnavailable)) throw error
      log.warn({ detail: messageOf(error), count: entries.length }, 'notifications cannot be kept now')
    }
  }
}
