import type { Access } from '../agent/index.ts'
import { ApiKeys, type Authorize, authorizer, Gate, Sessions } from '../api/index.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../time/clock.ts'

/** Who may call, who has signed in, and how much each caller may ask for. */
export interface OpenAccess {
  readonly access: Access
  readonly authorize: Authorize
  readonly gate: Gate
}

export function openAccess(config: Config, clock: Clock): OpenAccess {
  const gate = new Gate(clock, config.callerLimit)
  const sessions = new Sessions(clock, config.publicUrl)
  const access = { keys: new ApiKeys(config.apiKeys), sessions, operatorOrg: config.operatorOrg }
  return { access, authorize: authorizer(access, gate), gate }
}
