import { type Command, Redis } from 'ioredis'
import type { BudgetStore } from '../../../src/shield/budget/protocol/store.ts'
import { RedisStore } from '../../../src/shield/budget/stores/redis/redis-store.ts'
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
  readonly minReplicas: number
}

/** The Redis store of one process, over the simulated network. Rejects when Redis cannot be reached. */
export function openRedis(link: RedisLink): Promise<BudgetStore> {
  const { clock, leaseMs, minReplicas } = link
  return RedisStore.open({
    clock,
    url: 'redis://simulated',
    leaseMs,
    minReplicas,
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
    const { network, server, watched, clock, line, oracle, minReplicas } = this.#link
    const args = command.args.map(String)
    const { name } = command
    if (name === 'subscribe') {
      const hear = (text: string) => this.emit('message', args[0], text)
      server.onAnnounced((text) => network.announce(line, clock, () => hear(text)))
    }
    const request: ScriptRequest = name.startsWith('eval') ? JSON.parse(args.at(-1) ?? '') : { op: name }
    if (request.op === 'sync' && request.owner && request.line) oracle.lineSent(request.owner, request.line)
    // A confirmation is about what was written over the same connection, which does not outlive its server.
    const { restarts } = server
    const isBroken = () => minReplicas > 0 && server.restarts !== restarts
    const work = () => {
      if (isBroken()) throw new Error('Connection is closed.')
      return server.command(name, args, watched)
    }
    const giveUp = clock.after(COMMAND_MS, () => command.reject(new Error('Command timed out')))
    network.call(
      line,
      clock,
      () => outcomeOf(work, oracle),
      (outcome) => {
        giveUp()
        if (isBroken()) command.reject(new Error('Connection is closed.'))
        else if ('value' in outcome) command.resolve(outcome.value)
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
    oracle.expect(/^NOSCRIPT|^Connection/.test(error.message), 'asserts', () => `Redis: ${error.message}`)
    return { error }
  }
}
