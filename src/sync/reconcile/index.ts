export { noteBudget } from './campaign-budgets.ts'
export { REASONS } from './compare.ts'
export { type OwnSpendOf, reconcile } from './reconcile.ts'
export { type SpendSummary, summariseSpend } from './watch.ts'
