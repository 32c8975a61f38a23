import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '../../../../errors.ts'
import { type RedisClient, reach } from './redis-client.ts'

/** The scripts of this folder. */
export type ScriptFile = 'redis-account.lua' | 'redis-control.lua' | 'redis-owner-messages.lua'

/** The scripts that begin with `redis-clock.lua`. */
const WITH_CLOCK: readonly ScriptFile[] = ['redis-account.lua', 'redis-control.lua']

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')

/** The text of a script as Redis runs it. */
export const scriptText = (file: ScriptFile): string =>
  WITH_CLOCK.includes(file) ? read('redis-clock.lua') + read(file) : read(file)

/** A Lua script. It is called by its digest, and sent in full only if Redis does not know it. */
export class RedisScript {
  readonly #text: string
  readonly #digest: string

  constructor(file: ScriptFile) {
    this.#text = scriptText(file)
    this.#digest = createHash('sha1').update(this.#text).digest('hex')
  }

  /** Runs the script and returns its decoded JSON answer. Rejects with {@link StoreUnavailable}. */
  async run(client: RedisClient, keys: readonly string[], request: object): Promise<unknown> {
    const args = [...keys, JSON.stringify(request)]
    const answer = await reach(async () => {
      try {
        return await client.evalsha(this.#digest, keys.length, ...args)
      } catch (error) {
        // NOSCRIPT: the script was not executed, so it is safe to send it again.
        if (!messageOf(error).startsWith('NOSCRIPT')) throw error
        return client.eval(this.#text, keys.length, ...args)
      }
    })
    return JSON.parse(String(answer))
  }
}
