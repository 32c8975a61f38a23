import { z } from 'zod'
import { FaultRule, type FaultScript } from './faults.ts'
import type { SandboxLedger } from './ledger.ts'
import { type FakePlatform, json, parseJson, type WireAnswer, type WireRequest } from './wire.ts'

interface ControlDeps {
  readonly faults: FaultScript
  readonly ledger: SandboxLedger
  readonly platforms: Readonly<Record<string, FakePlatform>>
}

/** The sandbox's own calls, for people and for tests in another process. */
export function control(
  { method, path, body }: WireRequest,
  { faults, ledger, platforms }: ControlDeps,
): WireAnswer {
  switch (`${method} ${path}`) {
    case 'GET /_sandbox/state': {
      const states = Object.entries(platforms).map(([name, platform]) => [name, platform.state()])
      return json(200, { platforms: Object.fromEntries(states), applied: ledger.applied })
    }
    case 'GET /_sandbox/requests':
      return json(200, { requests: ledger.requests })
    case 'POST /_sandbox/faults': {
      const rule = FaultRule.safeParse(parseJson(body))
      if (!rule.success) return json(400, { message: z.prettifyError(rule.error) })
      faults.add(rule.data)
      return json(201, rule.data)
    }
    case 'DELETE /_sandbox/faults':
      faults.clear()
      return json(200, { cleared: true })
    case 'POST /_sandbox/release':
      faults.release()
      return json(200, { released: true })
    default:
      return json(404, { message: 'there is no such call' })
  }
}
