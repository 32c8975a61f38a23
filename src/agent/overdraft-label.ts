import { isKeyScope } from './scopes.ts'

/**
 * Metric label of a scope's overdraft. All campaigns of a platform share one, and so do all API keys, because a counter
 * keeps every label it ever had.
 */
export function overdraftLabel(scope: string): string {
  if (isKeyScope(scope)) return 'key'
  return scope.startsWith('campaign:') ? scope.split(':', 2).join(':') : scope
}
