import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Started } from './service.ts'

/** Makes a service say how long its event loop was kept, and what its heap holds; to be loaded before it. */
export const PROBE = resolve(import.meta.dirname, 'turn-probe.ts')

/** The longest that its event loop was kept since this was asked last, in milliseconds of processor time. */
export const longestTurnMs = (service: Started): Promise<number> =>
  told(service, 'SIGUSR2', /since asked ([\d.]+) ms/)

/** What its heap holds once garbage is collected, in MiB: the same on any machine, which resident memory is not. */
export const heapInUseMiB = (service: Started): Promise<number> =>
  told(service, 'SIGWINCH', /heap in use ([\d.]+) MiB/)

async function told({ child, output }: Started, signal: NodeJS.Signals, what: RegExp): Promise<number> {
  const from = output().length
  child.kill(signal)
  for (;;) {
    const found = what.exec(output().slice(from))?.[1]
    if (found !== undefined) return Number(found)
    await once(child.stdout ?? child, 'data')
  }
}
