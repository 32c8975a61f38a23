import type { BudgetStore, KillSwitch, PauseState, ScopeDefinition, Soon } from '../protocol/store.ts'

/** A change of control made in this process, to be sent to the store. */
export type ControlChange =
  | { readonly do: 'define'; readonly definition: ScopeDefinition }
  | { readonly do: 'remove'; readonly scope: string }
  | { readonly do: 'pause'; readonly scope: string; readonly pause: PauseState }
  | { readonly do: 'kill_switch'; readonly killSwitch: KillSwitch }

/** Sends a change. After `define` returns the definition that the store now has, which may differ; else undefined. */
export function putChange(store: BudgetStore, change: ControlChange): Soon<ScopeDefinition | undefined> {
  switch (change.do) {
    case 'define':
      return store.define(change.definition)
    case 'remove':
      return done(store.remove(change.scope))
    case 'pause':
      return done(store.setPause(change.scope, change.pause))
    case 'kill_switch':
      return done(store.setKillSwitch(change.killSwitch))
  }
}

/** The scope of a change; undefined for the kill switch. */
export const scopeOf = (change: ControlChange): string | undefined => {
  if (change.do === 'kill_switch') return undefined
  return change.do === 'define' ? change.definition.scope : change.scope
}

const done = (work: Soon<void>): Soon<undefined> =>
  work instanceof Promise ? work.then(() => undefined) : undefined
