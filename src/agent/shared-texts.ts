import { type RedisClient, reach } from '../shield/index.ts'
import type { KeptText } from '../storage/index.ts'

/** Arguments: id, text, and the text that it replaces, empty where there must be none. */
const PUT = `
  if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[3] then return 0 end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HINCRBY', KEYS[1], '', 1)
  return 1`
const FORGET = `
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HINCRBY', KEYS[1], '', 1)`
/** The field that counts the changes. */
const VERSION = ''
/** Texts that are read at a time. */
const READ_AT_ONCE = 200

/** What has changed of shared texts. */
export interface TextChanges {
  /** Those that are new or have changed. */
  readonly now: readonly KeptText[]
  /** Ids of those that are not there any more. */
  readonly gone: readonly string[]
}

/**
 * Texts by id in one hash of Redis, which all processes share. Finds what has changed: all are read then, some at a time, and
 * only those that are others are returned. Every method rejects with `StoreUnavailable` where Redis cannot be reached.
 */
export class SharedTexts {
  readonly #client: RedisClient
  readonly #hash: string
  #version: string | undefined
  /** As they were read last, by id. */
  #texts: ReadonlyMap<string, string> = new Map()

  /** @param hash name of the hash in Redis */
  constructor(client: RedisClient, hash: string) {
    this.#client = client
    this.#hash = hash
  }

  /** Puts a text where it replaces just this one; resolves to false, and puts nothing, where there is another one. */
  async put({ id, text }: KeptText, before: string | undefined): Promise<boolean> {
    return (await this.run(PUT, id, text, before ?? '')) === 1
  }

  async forget(id: string): Promise<void> {
    await this.run(FORGET, id)
  }

  /** Runs a script on the hash. One that changes texts has to add 1 to the field of no name. */
  run(script: string, ...said: string[]): Promise<unknown> {
    return reach(() => this.#client.eval(script, 1, this.#hash, ...said))
  }

  /** What has changed since the last time; undefined where nothing has. */
  async changes(): Promise<TextChanges | undefined> {
    const version = (await reach(() => this.#client.hget(this.#hash, VERSION))) ?? '0'
    if (version === this.#version) return undefined
    const texts = await this.#read()
    const before = this.#texts
    const now = [...texts]
      .filter(([id, text]) => before.get(id) !== text)
      .map(([id, text]): KeptText => ({ id, text }))
    const gone = [...before.keys()].filter((id) => !texts.has(id))
    this.#version = version
    this.#texts = texts
    return { now, gone }
  }

  /** All texts by id. What changes meanwhile is read the next time, since the version is another one then. */
  async #read(): Promise<Map<string, string>> {
    const texts = new Map<string, string>()
    let cursor = '0'
    do {
      const [next, some] = await reach(() => this.#client.hscan(this.#hash, cursor, 'COUNT', READ_AT_ONCE))
      for (let at = 0; at + 1 < some.length; at += 2) texts.set(some[at] ?? '', some[at + 1] ?? '')
      cursor = next
    } while (cursor !== '0')
    texts.delete(VERSION)
    return texts
  }
}
