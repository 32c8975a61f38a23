import { type Command, Redis } from 'ioredis'
import { RedisStore } from '../../../src/shield/store/redis-store.ts'
import type { BudgetStore } from '../../../src/shield/store/store.ts'
import { COMMAND_MS, type Line, type Network } from '../network.ts'
import type { Oracle } from '../oracle.ts'
import type { Watched } from '../server.ts'
import type { ProcessClock } from '../time.ts'
import type { RedisServer, ScriptRequest } from './server.ts'

interface RedisLink {
  readonly network: Network
  readonly server: RedisServer
  readonly watched: Watched
  readonly clock: ProcessClock
  readonly line: Line
  readonly oracle: Oracle
  readonly leaseMs: number
}

/** The Redis store of one process, over the simulated network. Rejects when Redis cannot be reached. */
export function openRedis(link: RedisLink): Promise<BudgetStore> {
  const { clock, leaseMs } = link
  return RedisStore.open({
    clock,
    url: 'redis://simulated',
    leaseMs,
    connect: () => new SimulatedClient(link),
  })
}

/** May travel twice, or overtake others: everything else is a decision, which a connection keeps in order. */
const ANYHOW = ['sync', 'bill', 'read', 'lift']

/** A client whose commands travel the simulated network in place of a socket. */
class SimulatedClient extends Redis {
  readonly #link: RedisLink

  constructor(link: RedisLink) {
    super({ lazyConnect: true })
    this.#link = link
  }

  override async connect(): Promise<void> {}
  override disconnect(): void {}

  override sendCommand(command: Command): unknown {
    const { network, server, watched, clock, line, oracle } = this.#link
    const args = command.args.map(String)
    const { name } = command
    if (name === 'subscribe') {
      const hear = (text: string) => this.emit('message', args[0], text)
      server.onAnnounced((text) => network.announce(line, clock, () => hear(text)))
    }
    const request: ScriptRequest = name.startsWith('eval') ? JSON.parse(args.at(-1) ?? '') : { op: name }
    if (request.op === 'sync' && request.owner && request.line) oracle.lineSent(request.owner, request.line)
    const giveUp = clock.after(COMMAND_MS, () => command.reject(new Error('Command timed out')))
    network.call(
      line,
      clock,
      () => outcomeOf(() => server.command(name, args, watched), oracle),
      (outcome) => {
        giveUp()
        if ('value' in outcome) command.resolve(outcome.value)
        else command.reject(outcome.error)
      },
      () => {
        giveUp()
        command.reject(new Error('Connection is closed.'))
      },
      !ANYHOW.includes(request.op),
    )
    return command.promise
  }
}

type Outcome = { readonly value: unknown } | { readonly error: Error }

function outcomeOf(work: () => unknown, oracle: Oracle): Outcome {
  try {
    return { value: work() }
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    oracle.expect(error.message.startsWith('NOSCRIPT'), 'asserts', () => `Redis: ${error.message}`)
    return { error }
  }
}
