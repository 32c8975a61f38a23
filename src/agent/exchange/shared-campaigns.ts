import { LRUCache } from 'lru-cache'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { type RedisClient, reach, redisClient } from '../../shield/index.ts'
import { type Records, RecordsUnavailable, type Recovered } from '../../storage/index.ts'
import { type Cancel, type Clock, every } from '../../time/clock.ts'
import { Slices } from '../../time/slices.ts'
import { kept } from '../kept.ts'
import type { Bidder } from './bidder.ts'
import { type CampaignStore, NOT_KEPT, textOf, type UseUpdate, updateOf } from './campaign-store.ts'
import type { PreparedCampaign } from './openrtb/index.ts'

/**
 * The Redis hash of all campaigns by id. Each change gets the next version number. It has two more fields, whose names
 * no campaign can have: the version of the last change, and a random name that was set with the first change. A process
 * that finds another name than before knows that Redis was emptied.
 */
const CAMPAIGNS = 'bidwarden:{campaigns}'
/** The sorted set of ids by the version of their last change, deleted campaigns included. */
const CHANGES = 'bidwarden:{campaigns}:changes'
const VERSION = ':version'
const NAME = ':name'
/** The field with the version up to which deleted campaigns may be missing in `CHANGES`. */
const FLOOR = ':floor'
/** The most ids in `CHANGES`: beyond it, each change removes the campaign that was deleted first. */
const MAX_CHANGES = 250_000

/**
 * Stores a campaign, or deletes it if its text is empty. Arguments: id, text, a name for the data if they have none,
 * and the version that the campaign must have ('0' for none; 'any'). Returns the new version, or 0 if the campaign has
 * another version.
 */
const CHANGE = `
  local known = redis.call('ZSCORE', KEYS[2], ARGV[1]) or '0'
  if ARGV[4] ~= 'any' and known ~= ARGV[4] then return 0 end
  redis.call('HSETNX', KEYS[1], '${NAME}', ARGV[3])
  local version = redis.call('HINCRBY', KEYS[1], '${VERSION}', 1)
  if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1])
  else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
  redis.call('ZADD', KEYS[2], version, ARGV[1])
  if redis.call('ZCARD', KEYS[2]) > ${MAX_CHANGES} then
    local oldest = redis.call('ZPOPMIN', KEYS[2])
    if redis.call('HEXISTS', KEYS[1], oldest[1]) == 1 then
      redis.call('ZADD', KEYS[2], redis.call('HINCRBY', KEYS[1], '${VERSION}', 1), oldest[1])
    else redis.call('HSET', KEYS[1], '${FLOOR}', oldest[2]) end
  end
  return version`

/** How often Redis is asked whether another process has changed a campaign, in milliseconds. */
const LOOK_MS = 1_000
/** How many campaigns are read at once. */
const READ_AT_ONCE = 200
/** The most deletions that this process remembers, in case Redis loses them. */
const MAX_DELETED = 20_000

interface Head {
  /** Undefined while there are no data. */
  readonly name: string | undefined
  readonly version: number
  readonly floor: number
}

const NOTHING: Head = { name: undefined, version: 0, floor: 0 }

/** Stores campaigns in Redis, for all processes. Rejects if Redis cannot be reached. */
export async function openSharedCampaigns(
  url: string,
  bidder: Bidder,
  own: OwnCampaigns,
  parts: SharingParts,
): Promise<CampaignStore> {
  const client = redisClient(url)
  await reach(() => client.connect())
  return new SharedCampaigns(client, bidder, own, parts)
}

/** The campaigns that a process had recorded by itself before it shared them. */
interface OwnCampaigns {
  readonly records: Records
  readonly recovered: Pick<Recovered, 'campaigns'>
}

interface SharingParts {
  readonly clock: Clock
  readonly log: Logger
  /** The name that the data get if Redis is empty. */
  readonly name: string
}

/**
 * If Redis has lost campaigns, the processes that know them store them again; of two versions of a campaign in the same
 * data, the later one wins. A change that Redis could not store is sent again when it can, unless another process has
 * changed that campaign since.
 */
class SharedCampaigns implements CampaignStore {
  readonly #client: RedisClient
  readonly #bidder: Bidder
  readonly #own: OwnCampaigns
  readonly #log: Logger
  readonly #clock: Clock
  readonly #newName: string
  #head = NOTHING
  /** Versions of the campaigns in use here, and of those deleted lately. */
  readonly #versions = new Map<string, number>()
  readonly #deleted = new LRUCache<string, number>({ max: MAX_DELETED })
  /** Changes in force here that Redis has not stored yet, by id; an empty text deletes. */
  readonly #pending = new Map<string, string>()
  /** Whether everything must be compared: after a reconnect, Redis may be another one. */
  #isInDoubt = true
  #stop: Cancel = () => {}

  constructor(client: RedisClient, bidder: Bidder, own: OwnCampaigns, { clock, log, name }: SharingParts) {
    this.#client = client
    this.#bidder = bidder
    this.#own = own
    this.#clock = clock
    this.#log = log
    this.#newName = name
    client.on('close', () => {
      this.#isInDoubt = true
    })
  }

  keep(campaign: PreparedCampaign): Promise<void> {
    return this.#keep(campaign.id, textOf(campaign))
  }

  forget(id: string): Promise<void> {
    return this.#keep(id, '')
  }

  async #keep(id: string, text: string): Promise<void> {
    this.#pending.set(id, text)
    await kept(NOT_KEPT, async () => {
      const version = await this.#change(id, text, 'any')
      if (this.#pending.get(id) === text) this.#pending.delete(id)
      this.#note(id, text, version)
    })
  }

  #change(id: string, text: string, before: number | 'any'): Promise<number> {
    const args = [id, text, this.#newName, String(before)]
    return reach(async () => Number(await this.#client.eval(CHANGE, 2, CAMPAIGNS, CHANGES, ...args)))
  }

  #note(id: string, text: string, version: number): void {
    if (text === '') {
      this.#versions.delete(id)
      this.#deleted.set(id, version)
    } else {
      this.#versions.set(id, version)
      this.#deleted.delete(id)
    }
  }

  async restore(use: UseUpdate): Promise<void> {
    await this.#bringOwn()
    await this.#compare(use)
  }

  /**
   * Stores the campaigns that this process had recorded by itself, unless Redis has had one of that id, and removes
   * them from the records: if they were stored again after Redis was emptied, they would undo later changes.
   */
  async #bringOwn(): Promise<void> {
    const { records, recovered } = this.#own
    for (const { id, text } of recovered.campaigns) await this.#change(id, text, 0)
    if (!records.lasts || recovered.campaigns.length === 0) return
    try {
      await records.append(recovered.campaigns.map(({ id }) => ({ put: 'no_campaign', id })))
    } catch (error) {
      // While the disk is full, the service starts all the same; the entries are written later.
      if (!(error instanceof RecordsUnavailable)) throw error
    }
  }

  watch(use: UseUpdate): void {
    let isLooking = false
    this.#stop = every(this.#clock, LOOK_MS, async () => {
      if (isLooking) return
      isLooking = true
      // While Redis is unavailable, the known campaigns continue.
      await this.#look(use).catch((error) => {
        this.#isInDoubt = true
        this.#log.debug({ detail: messageOf(error) }, 'shared campaigns cannot be read')
      })
      isLooking = false
    })
  }

  close(): void {
    this.#stop()
    this.#client.disconnect()
  }

  async #look(use: UseUpdate): Promise<void> {
    const head = await this.#readHead()
    const { name, version } = this.#head
    if (this.#isInDoubt || head.name !== name || head.version < version || head.floor > version)
      return this.#compare(use)
    await this.#send()
    while (this.#head.version < head.version) {
      const from = `(${this.#head.version}`
      const found = await reach(() =>
        this.#client.zrange(
          CHANGES,
          from,
          String(head.version),
          'BYSCORE',
          'LIMIT',
          0,
          READ_AT_ONCE,
          'WITHSCORES',
        ),
      )
      const changed = pairsOf(found)
      await this.#take(changed, use)
      this.#head = { ...head, version: changed.at(-1)?.[1] ?? head.version }
    }
  }

  /** Compares everything known here with everything in Redis. */
  async #compare(use: UseUpdate): Promise<void> {
    this.#isInDoubt = false
    if ((await this.#readHead()).name !== this.#head.name) await this.#bringToOthers()
    const head = await this.#readHead()
    const theirs = await this.#readVersions()
    await this.#send()
    for (const [id, version] of [...this.#versions, ...this.#deleted.entries()]) {
      const there = theirs.get(id) ?? 0
      if (there >= version) continue
      // Redis remembers only a limited number of deletions, and this one no longer.
      if (there === 0 && version <= head.floor) await this.#drop(id, version, use)
      else await this.#restore(id, there)
    }
    const changed = [...theirs].filter(([id, version]) => version > this.#versionOf(id))
    for (let at = 0; at < changed.length; at += READ_AT_ONCE)
      await this.#take(changed.slice(at, at + READ_AT_ONCE), use)
    this.#head = head
  }

  /**
   * Handles other data than before: Redis was emptied, and another process may have begun to fill it. Campaigns that it
   * lacks are stored; those that it has count. Deletions are not repeated, since the campaign may have been stored
   * again meanwhile.
   */
  async #bringToOthers(): Promise<void> {
    for (const id of this.#versions.keys()) await this.#restore(id, 0)
    this.#versions.clear()
    this.#deleted.clear()
  }

  /** Stores what Redis has lost, unless it has another version by now. */
  async #restore(id: string, there: number): Promise<void> {
    const isDeleted = !this.#versions.has(id)
    const campaign = this.#bidder.campaigns.get(id)
    // A campaign that this process cannot use (no such seat, or an earlier release) is left to other processes.
    if (!isDeleted && !campaign) return
    const text = isDeleted || !campaign ? '' : textOf(campaign)
    const version = await this.#change(id, text, there)
    if (version > 0) this.#note(id, text, version)
  }

  #versionOf(id: string): number {
    return this.#versions.get(id) ?? this.#deleted.peek(id) ?? 0
  }

  /** Sends the changes that Redis could not store. A deletion is sent in any case, since it lowers risk. */
  async #send(): Promise<void> {
    for (const [id, text] of this.#pending) {
      const version = await this.#change(id, text, text === '' ? 'any' : this.#versionOf(id))
      if (this.#pending.get(id) === text) this.#pending.delete(id)
      if (version > 0) this.#note(id, text, version)
      // Another process's change came first, and may have been skipped while this one waited.
      else this.#isInDoubt = true
    }
  }

  /** Applies campaigns that another process has changed, in slices. */
  async #take(changed: readonly (readonly [id: string, version: number])[], use: UseUpdate): Promise<void> {
    if (changed.length === 0) return
    const texts = await reach(() => this.#client.hmget(CAMPAIGNS, ...changed.map(([id]) => id)))
    const slices = new Slices()
    for (const [at, [id, version]] of changed.entries()) {
      if (slices.isOver) await slices.next()
      if (version === this.#versionOf(id) || this.#pending.has(id)) continue
      const text = texts[at] ?? ''
      const update = text === '' ? undefined : updateOf(this.#bidder, id, text, this.#log)
      if (update) await use({ ...update, isElsewhere: true })
      else await this.#drop(id, version, use)
      this.#note(id, text, version)
    }
  }

  async #drop(id: string, version: number, use: UseUpdate): Promise<void> {
    if (this.#bidder.campaigns.get(id)) await use({ drop: 'campaign', id, isElsewhere: true })
    this.#note(id, '', version)
  }

  async #readHead(): Promise<Head> {
    const [name, version, floor] = await reach(() => this.#client.hmget(CAMPAIGNS, NAME, VERSION, FLOOR))
    return name ? { name, version: Number(version), floor: Number(floor ?? 0) } : NOTHING
  }

  async #readVersions(): Promise<Map<string, number>> {
    const versions = new Map<string, number>()
    let cursor = '0'
    do {
      const [next, found] = await reach(() => this.#client.zscan(CHANGES, cursor, 'COUNT', READ_AT_ONCE))
      for (const [id, version] of pairsOf(found)) versions.set(id, version)
      cursor = next
    } while (cursor !== '0')
    return versions
  }
}

const pairsOf = (flat: readonly string[]): [string, number][] =>
  Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? '', Number(flat[2 * at + 1])])
