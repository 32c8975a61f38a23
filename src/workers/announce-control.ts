import type { Control } from '../shield/index.ts'
import type { Clock } from '../time/clock.ts'

/** How long changes of control are gathered before workers are told: storing many campaigns makes many changes. */
const GATHER_MS = 100

/**
 * Makes the function that tells workers of changes of control: the kill switch, pauses, and limits. Changes within
 * {@link GATHER_MS} are sent together.
 *
 * @param send sends one change to every worker; a worker that starts later reads the state when it starts
 */
export function announceControl(clock: Clock, send: (control: Control) => void): (control: Control) => void {
  let gathered: Control | undefined
  return (control) => {
    const isPlanned = gathered !== undefined
    gathered = withLater(gathered, control)
    if (isPlanned) return
    clock.after(GATHER_MS, () => {
      const latest = gathered
      gathered = undefined
      if (latest) send(latest)
    })
  }
}

/** Merges two control states; for each scope the later one wins. */
function withLater(before: Control | undefined, control: Control): Control {
  if (!before) return control
  const scopes = new Map(before.scopes.map((one) => [one.scope, one]))
  for (const one of control.scopes) scopes.set(one.scope, one)
  return { ...control, scopes: [...scopes.values()] }
}
