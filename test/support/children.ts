import { readdirSync, readFileSync } from 'node:fs'

/** Processes of this machine. */
export const processes = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name))

/** Processes that a process has started and that run, by the kernel's account. */
export const childrenOf = (pid: number | undefined): number[] =>
  processes()
    .filter((child) => parentOf(child) === String(pid))
    .map(Number)

/** Undefined for one that has ended. */
function parentOf(pid: string): string | undefined {
  try {
    return /^\d+ \(.*\) [^Z] (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}
