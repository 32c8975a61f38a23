import type {
  Bill,
  BillReply,
  ScopeDefinition,
  SyncLine,
  SyncReply,
} from '../../src/shield/budget/protocol/store.ts'
import type { Oracle } from './oracle.ts'
import type { Figures, Server, Watched } from './server.ts'

/**
 * Stands before the accounts of a store and tells the outside record what it does. After every command it checks what holds for
 * the store alone: nothing moves but what the command names, and no command moves anything twice.
 *
 * @param lifted told when a pause of a scope is over for the store, or, without a name, the kill switch
 */
export function watched(
  server: () => Watched,
  leaseMs: number,
  oracle: Oracle,
  lifted: (scope: string) => void,
): Watched {
  const applied = new Map<string, number>()
  let forgotten = 0

  /** Spend and promises after a command are those before it and what was added. */
  function checked<T>(scope: string, what: string, work: () => T, added: (reply: T) => [number, number]): T {
    const before = server().figures(scope)
    const reply = oracle.guarded(what, work)
    const after = server().figures(scope)
    // What a store has forgotten, owners tell it again with any line.
    if (before && after && oracle.forgotten === 0) {
      const [least, most] = added(reply)
      const by = total(after) - total(before)
      // Owners whose lease has ended forfeit what they may have under way, and not what they never held.
      oracle.expect(
        by >= least - before.unheld && by <= most,
        'store conservation',
        () => `${what} moved ${by} in ${scope}, not ${least} to ${most}: ${JSON.stringify(reply)}`,
      )
    }
    if (after) oracle.stands(scope, after)
    return reply
  }

  return {
    sync(owner: string, line: SyncLine): SyncReply {
      const key = `${owner} ${line.scope}`
      if (oracle.forgotten > forgotten) applied.clear()
      forgotten = oracle.forgotten
      const isNew = line.seq > (applied.get(key) ?? 0)
      oracle.say(() => `${owner} line ${JSON.stringify(line)}`)
      const reply = checked(
        line.scope,
        `line ${line.seq} of ${owner}`,
        () => server().sync(owner, line),
        (answer) => (isNew ? movedBy(line, answer) : [0, 0]),
      )
      oracle.say(() => `  ${JSON.stringify(reply)}`)
      if (reply.is === 'granted' || reply.is === 'forfeited') {
        if (reply.is === 'forfeited') {
          oracle.count('owner told that it is forfeited')
          oracle.forfeited(owner, line)
        } else if (!isNew) oracle.count('line repeated')
        applied.set(key, Math.max(line.seq, applied.get(key) ?? 0))
        if (isNew) oracle.lineApplied(owner, line, reply.is)
        if (isNew && reply.is === 'granted') oracle.leased(owner, line.scope, leaseMs)
      }
      return reply
    },
    bill(bill: Bill): BillReply {
      const reply = checked(
        bill.scope,
        `bill ${bill.id}`,
        () => server().bill(bill),
        (answer) => (answer.is === 'booked' ? [0, answer.amount] : [0, 0]),
      )
      if (reply.is === 'booked') oracle.booked(bill, reply.amount)
      if (reply.is === 'already') oracle.alreadyBooked(bill)
      return reply
    },
    define(definition: ScopeDefinition): ScopeDefinition {
      return checked(
        definition.scope,
        'a definition',
        () => server().define(definition),
        () => [0, 0],
      )
    },
    remove(scope) {
      lifted(scope)
      server().remove(scope)
    },
    setPause(scope, pause) {
      if (pause.is === 'running') lifted(scope)
      server().setPause(scope, pause)
    },
    setKillSwitch(killSwitch) {
      if (killSwitch.is === 'released') lifted('')
      server().setKillSwitch(killSwitch)
    },
    figures: (scope) => server().figures(scope),
  }
}

/** All of a store, its accounts {@link watched}. */
export function tapped(
  server: () => Server,
  leaseMs: number,
  oracle: Oracle,
  lifted: (scope: string) => void,
): Server {
  return {
    ...watched(server, leaseMs, oracle, lifted),
    leave: (owner) => server().leave(owner),
    pending: () => server().pending(),
    free: (owner, underWay) => server().free(owner, underWay),
    control: () => server().control(),
  }
}

const total = ({ spent, promised }: Figures): number => spent + promised

function movedBy(line: SyncLine, reply: SyncReply): [number, number] {
  if (reply.is === 'forfeited') return [line.overdrawn, line.overdrawn]
  if (reply.is !== 'granted') return [0, 0]
  const credited = line.credits.reduce((sum, { amount }) => sum + amount, 0)
  const by = reply.granted - line.giveBack + line.overdrawn - credited
  return [by, by]
}
