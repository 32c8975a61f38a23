import type { BudgetStore, KillSwitch, PauseState, ScopeDefinition, Soon } from './store/store.ts'

/** Something that was decided in this process and that the store has to be told. */
export type ControlChange =
  | { readonly do: 'define'; readonly definition: ScopeDefinition }
  | { readonly do: 'remove'; readonly scope: string }
  | { readonly do: 'pause'; readonly scope: string; readonly pause: PauseState }
  | { readonly do: 'kill_switch'; readonly killSwitch: KillSwitch }

/** Tells the store. What it has of a scope after a definition, which may not be what was sent; else undefined. */
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

/** Undefined for the kill switch, which is of no scope. */
export const scopeOf = (change: ControlChange): string | undefined => {
  if (change.do === 'kill_switch') return undefined
  return change.do === 'define' ? change.definition.scope : change.scope
}

const done = (work: Soon<void>): Soon<undefined> =>
  work instanceof Promise ? work.then(() => undefined) : undefined
