export { noteBudget } from './campaign-budgets.ts'
export { REASONS } from './compare.ts'
export { type OwnSpendOf, reconcile, type SpendLine } from './reconcile.ts'
export { type SpendSummary, summariseSpend } from './watch.ts'
