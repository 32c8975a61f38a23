/**
 * Metric label of a scope's overdraft. All campaigns of a platform share one, because a counter keeps every label it
 * ever had.
 */
export const overdraftLabel = (scope: string): string =>
  scope.startsWith('campaign:') ? scope.split(':', 2).join(':') : scope
