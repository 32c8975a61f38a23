export { Audit } from './audit.ts'
export {
  ACTIONS,
  type AuditedChange,
  type KeptChange,
  MAX_CHANGE_BYTES,
  OUTCOMES,
  type Who,
} from './change.ts'
export { differences } from './differences.ts'
