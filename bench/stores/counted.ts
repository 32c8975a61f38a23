import type { BudgetStore } from '../../src/shield/index.ts'

/** How often a store was asked about each scope. */
export interface CountedStore {
  readonly store: BudgetStore
  /** Lines sent since the last call, over all scopes. */
  takeLines(): number
}

/** Counts on the way to a store. */
export function counted(store: BudgetStore): CountedStore {
  let lines = 0
  const counting = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      if (name !== 'sync') return member.bind(target)
      return (owner: string, sent: Parameters<BudgetStore['sync']>[1]) => {
        lines += sent.length
        return target.sync(owner, sent)
      }
    },
  })
  return {
    store: counting,
    takeLines: () => {
      const taken = lines
      lines = 0
      return taken
    },
  }
}
