export { createFallback, DEFAULT_MULTIPLIERS, type Fallback } from './fallback.ts'
