import type { Sandbox } from '../sandbox/index.ts'
import { playExchange, storePredictions } from './ad-exchange.ts'
import { playAnalyst } from './analyst.ts'
import { playMlService } from './ml-service.ts'
import { playOperator, playTroubles } from './operator.ts'
import { Shop } from './shop.ts'
import { later, type Stage } from './stage.ts'

/** The service whose users are played. It has a sandbox in mock mode only. */
interface PlayedService {
  readonly url: string
  readonly sandbox: Sandbox | undefined
}

export interface Demo {
  /** Aborts all calls and begins no more. */
  close(): void
}

/**
 * Plays all who use a service in mock mode, by calls over HTTP: an ML service that bids, an exchange, a shop whose orders
 * are sent back, an analyst who reads reports, an operator, and platforms that fail for a while. What they do is random,
 * so it differs each time. Throws without a sandbox.
 */
export function playDemo(
  { url, sandbox }: PlayedService,
  { clock, log }: Pick<Stage, 'clock' | 'log'>,
): Demo {
  if (sandbox === undefined) throw new Error('a demo needs a sandbox')
  const ending = new AbortController()
  const stage = { url, sandbox, clock, log, ended: ending.signal }
  const shop = new Shop(stage)
  playMlService(stage, (bid) => shop.mayOrder(bid))
  playExchange(stage)
  playTroubles(stage)
  for (const begin of [storePredictions, playOperator, playAnalyst]) later(stage, 0, () => begin(stage))
  return { close: () => ending.abort() }
}
