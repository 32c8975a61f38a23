import type { Logger } from '../log.ts'
import type { Sandbox } from '../sandbox/index.ts'
import type { Clock } from '../time/clock.ts'

/** Length of the demo's day, in milliseconds: as long as the sliding window of the budgets of mock mode. */
const DAY_MS = 600_000
/** Calls in the quietest hour, as a share of those in the busiest. */
const NIGHT = 0.25
/** How long a call may take, in milliseconds, before it is given up. */
const PATIENCE_MS = 30_000

/** What the players of the demo have in common. */
export interface Stage {
  /** Where the service listens. */
  readonly url: string
  readonly sandbox: Sandbox
  readonly clock: Clock
  readonly log: Logger
  /** Aborted when the demo ends. */
  readonly ended: AbortSignal
}

export interface ServiceAnswer {
  readonly status: number
  /** Undefined where it is not JSON. */
  readonly body: unknown
}

/** How busy the hour is: 1 in the middle of the demo's day, {@link NIGHT} at its ends. */
export function busyness({ clock }: Stage): number {
  const ofDay = (clock.nowMs() % DAY_MS) / DAY_MS
  return NIGHT + (1 - NIGHT) * Math.sin(Math.PI * ofDay) ** 2
}

/** Calls the service as clients do. Rejects when no answer comes. */
export async function call(
  stage: Stage,
  method: string,
  path: string,
  body?: object,
): Promise<ServiceAnswer> {
  const response = await fetch(new URL(path, stage.url), {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.any([stage.ended, AbortSignal.timeout(PATIENCE_MS)]),
  })
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) }
  } catch {
    return { status: response.status, body: undefined }
  }
}

/** Runs `act` once, `delayMs` from now, unless the demo has ended. An error is logged, and the demo goes on. */
export function later(stage: Stage, delayMs: number, act: () => Promise<unknown>): void {
  stage.clock.after(delayMs, () => {
    if (!stage.ended.aborted) attempt(stage, act)
  })
}

/** Runs `act` again and again, each time `pauseMs` after it has ended, until the demo ends. */
export function repeat(stage: Stage, pauseMs: () => number, act: () => Promise<unknown>): void {
  later(stage, pauseMs(), async () => {
    await attempt(stage, act)
    repeat(stage, pauseMs, act)
  })
}

async function attempt({ log, ended }: Stage, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!ended.aborted) log.warn({ err: error }, 'a step of the demo failed')
  }
}
