import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** Stops a timer that has not fired yet; harmless afterwards. */
export type Cancel = () => void

/** Two clocks, handed to whatever needs the time. Only this file reads the machine's. */
export interface Clock {
  /** Date and hour in milliseconds since the epoch, for day limits, records and logs. May jump. */
  nowMs(): number
  /** Milliseconds since some fixed moment, for windows, deadlines and latencies. Never goes back. */
  elapsedMs(): number
  /** Runs `task` once, `delayMs` from now. A pending timer does not keep the process alive. */
  after(delayMs: number, task: () => void): Cancel
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** One run of the machine, from power-on to power-off. */
export interface Boot {
  /** Id of the boot, the same for all its processes and different for every other boot. */
  readonly id: string
  /** Milliseconds since it began, in hundredths of a second. Does not depend on any process, nor on the wall clock. */
  uptimeMs(): number
}

export const systemBoot: Boot = {
  id: bootId(),
  uptimeMs: () => uptime() * 1_000,
}

/** Where the system has no id of its boot, each process counts as a boot of its own. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return randomUUID()
  }
}

/** Runs `task` every `periodMs` until cancelled; the next run is timed from the end of the last. */
export function every(clock: Clock, periodMs: number, task: () => void): Cancel {
  let cancel = clock.after(periodMs, run)
  let stopped = false
  function run() {
    task()
    if (!stopped) cancel = clock.after(periodMs, run)
  }
  return () => {
    stopped = true
    cancel()
  }
}

/** A promise that resolves `delayMs` from now. */
export const sleep = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve)
  })

/** As {@link sleep} on the machine's clock, for a command, which has nothing else that keeps its process alive. */
export const sleepAwake = (delayMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, delayMs))

/** ISO 8601 text of a moment of {@link Clock.nowMs}. */
export const isoTime = (epochMs: number): string => new Date(epochMs).toISOString()

/** Milliseconds between two measurements of {@link watchLag}. */
const LAG_EVERY_MS = 50

/**
 * Measures how late the event loop runs its timers, in milliseconds, at the last measurement. `stop` ends it.
 */
export function watchLag(clock: Clock): { lagMs: () => number; stop: Cancel } {
  let lastMs = clock.elapsedMs()
  let lagMs = 0
  const stop = every(clock, LAG_EVERY_MS, () => {
    const nowMs = clock.elapsedMs()
    lagMs = Math.max(0, nowMs - lastMs - LAG_EVERY_MS)
    lastMs = nowMs
  })
  return { lagMs: () => lagMs, stop }
}
