import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { LuaFactory } from 'wasmoon'
import type {
  Bill,
  BillReply,
  ScopeDefinition,
  SyncLine,
  SyncReply,
} from '../../../src/shield/budget/protocol/store.ts'
import { asBillReply, asSyncReply, readReply } from '../../../src/shield/budget/stores/redis/redis-replies.ts'
import { scriptText } from '../../../src/shield/budget/stores/redis/redis-script.ts'
import type { Random } from '../random.ts'
import type { Figures, Watched } from '../server.ts'
import type { ProcessClock } from '../time.ts'

const lua = await new LuaFactory().createEngine({ enableProxy: false, injectObjects: false })
lua.doStringSync(readFileSync(new URL('fake-redis.lua', import.meta.url), 'utf8'))

type Script = (...args: never[]) => unknown
/** The functions of `fake-redis.lua`. One Redis at a time lives there. */
const fake: {
  reset(replid: string): void
  compile(text: string): Script
  run(script: Script, atMs: number, keys: number, ...args: string[]): string
  announced(): string | undefined
  failOver(replid: string, lost: number): void
  replicate(): void
  registry(): string
  figures(...keys: string[]): string
} = {
  reset: lua.global.get('reset'),
  compile: lua.global.get('compile'),
  run: lua.global.get('run'),
  announced: lua.global.get('announced'),
  failOver: lua.global.get('failOver'),
  replicate: lua.global.get('replicate'),
  registry: lua.global.get('registry'),
  figures: lua.global.get('figures'),
}

const digestOf = (text: string) => createHash('sha1').update(text).digest('hex')
const CONTROL_SCRIPT = scriptText('redis-control.lua')
const partsOf = (scope: string) =>
  ['account', 'owners', 'forfeits', 'slots'].map((part) => `bidwarden:{${encodeURIComponent(scope)}}:${part}`)

/** What one script is asked; see `redis-accounts.ts` and `redis-control.ts`. */
export interface ScriptRequest {
  readonly op: string
  readonly owner?: string
  readonly line?: SyncLine
  readonly bill?: Bill
  readonly scope?: string
  readonly value?: string
}

/** The scripts of the Redis store in a Lua of their own, over a Redis whose time, restarts and losses are played. */
export class RedisServer implements Watched {
  static compile(text: string): Script {
    return fake.compile(text)
  }

  readonly #clock: ProcessClock
  readonly #scripts = new Map<string, Script>()
  readonly #listeners = new Set<(version: string) => void>()
  readonly #leaseMs: number
  /** Whether a replica keeps up with what is written. */
  readonly #replica: Random
  #boots = 0
  #losses = 0
  #replid = ''
  /** The script that was asked for, while the record watches what it does. */
  #script: () => string = () => ''
  #answer = ''

  constructor(clock: ProcessClock, leaseMs: number, replica: Random) {
    this.#clock = clock
    this.#leaseMs = leaseMs
    this.#replica = replica
    fake.reset(this.#newReplid())
    this.#vouch()
  }

  /**
   * It is another server from now on, which lacks what the last so many scripts wrote; Infinity for all of them, which every
   * other time is the same server, emptied.
   *
   * @returns owners of whom it does not know that they may have money: each registered, or came back after a lease of
   * silence, in the very writes that are lost. One that is emptied knows that it has lost its memory.
   */
  restart(lost: number): readonly string[] {
    this.#scripts.clear()
    this.restarts += 1
    if (lost === Number.POSITIVE_INFINITY) {
      fake.reset(this.#losses++ % 2 === 0 ? this.#replid : this.#newReplid())
      return []
    }
    const before = this.#registered()
    fake.failOver(this.#newReplid(), lost)
    const left = this.#registered()
    const lastMs = Math.max(0, ...[...left.values()].map(({ heardMs }) => heardMs))
    return [...before.keys()].filter((owner) => {
      const entry = left.get(owner)
      return !entry || (!entry.owes && entry.heardMs + this.#leaseMs < lastMs)
    })
  }
  /** From now on the replica keeps up. */
  heal(): void {
    this.#lateReplica = 0
  }
  /** Share of the times when the replica has not confirmed in time. */
  #lateReplica = 0.1

  /** How often it was another server. A connection lives no longer. */
  restarts = 0

  #registered(): Map<string, { readonly heardMs: number; readonly owes: boolean }> {
    const entries = Object.entries<string>(JSON.parse(fake.registry()))
    return new Map(
      entries.map(([owner, entry]) => [
        owner,
        { heardMs: Number.parseInt(entry, 10), owes: entry.endsWith('!') },
      ]),
    )
  }

  onAnnounced(tell: (version: string) => void): void {
    this.#listeners.add(tell)
  }

  /** @returns what Redis answers; throws an error that it answers with */
  command(name: string, args: readonly string[], watched: Watched): unknown {
    switch (name) {
      case 'info':
        return 'maxmemory:0\r\nmaxmemory_policy:noeviction\r\n'
      case 'subscribe':
        return 1
      case 'wait':
        if (this.#replica.chance(this.#lateReplica)) return 0
        fake.replicate()
        return 1
      case 'eval':
        return this.#run(this.#load(args[0] ?? ''), args, watched)
      case 'evalsha': {
        const known = this.#scripts.get(args[0] ?? '')
        if (!known) throw new Error('NOSCRIPT No matching script. Please use EVAL.')
        return this.#run(known, args, watched)
      }
      default:
        throw new Error(`ERR unknown command '${name}'`)
    }
  }

  #load(text: string): Script {
    const script = RedisServer.compile(text)
    this.#scripts.set(digestOf(text), script)
    return script
  }

  // As watched: what is asked is the script that is waiting.

  sync(_owner: string, _line: SyncLine): SyncReply {
    const reply = readReply(this.#execute())
    if (reply.is === 'needs_day') return { is: 'fenced', detail: 'needs a day', retryAfterMs: 0 }
    return asSyncReply(reply)
  }
  bill(_bill: Bill): BillReply {
    const reply = readReply(this.#execute())
    return reply.is === 'needs_day' || reply.is === 'fenced' ? { is: 'unknown_scope' } : asBillReply(reply)
  }
  define(definition: ScopeDefinition): ScopeDefinition {
    this.#execute()
    return definition
  }
  remove(): void {
    this.#execute()
  }
  setPause(): void {
    this.#execute()
  }
  setKillSwitch(): void {
    this.#execute()
  }
  /** As of the last command. */
  figures(scope: string): Figures | undefined {
    const text = fake.figures(...partsOf(scope))
    if (text === '') return undefined
    const { limits, available = Number.POSITIVE_INFINITY, isFenced, ...figures } = JSON.parse(text)
    return { ...figures, limits: JSON.parse(limits), available: isFenced ? 0 : available, unheld: 0 }
  }

  #run(script: Script, args: readonly string[], watched: Watched): string {
    const [, keys = '0', first = '', ...rest] = args
    const request: ScriptRequest = JSON.parse(rest.at(-1) ?? '{}')
    const atMs = this.#clock.nowMs()
    this.#script = () => fake.run(script, atMs, Number(keys), first, ...rest)
    this.#watch(request, decodeURIComponent(/\{(.*)\}/.exec(first)?.[1] ?? ''), watched)
    const version = fake.announced()
    if (typeof version === 'string') for (const tell of this.#listeners) tell(version)
    return this.#answer
  }

  #watch(
    { op, owner, line, bill, scope: named, value }: ScriptRequest,
    scope: string,
    watched: Watched,
  ): void {
    if (op === 'sync' && owner !== undefined && line) watched.sync(owner, line)
    else if (op === 'bill' && bill) watched.bill(bill)
    else if (op === 'define') watched.define({ scope, currency: 'USD', limits: [], by: 'configuration' })
    else if (op === 'remove' && named !== undefined) watched.remove(named)
    else if (op === 'pause' && named !== undefined) watched.setPause(named, JSON.parse(value ?? ''))
    else if (op === 'kill_switch') watched.setKillSwitch(JSON.parse(value ?? ''))
    else this.#execute()
  }

  #execute(): unknown {
    this.#answer = this.#script()
    return JSON.parse(this.#answer)
  }

  /** An operator says that this Redis is new, and not one that has lost its memory. */
  #vouch(): void {
    const keys = ['bidwarden:{control}', 'bidwarden:{control}:owners']
    const wallMs = this.#clock.nowMs()
    const request = JSON.stringify({ op: 'trust', known: '', wallMs, toleranceMs: 0, leaseMs: 0 })
    fake.run(fake.compile(CONTROL_SCRIPT), wallMs, keys.length, ...keys, request)
  }

  #newReplid(): string {
    this.#boots += 1
    this.#replid = this.#boots.toString(16).padStart(40, '0')
    return this.#replid
  }
}
