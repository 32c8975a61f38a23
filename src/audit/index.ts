export { Audit } from './audit.ts'
export {
  ACTIONS,
  type AuditedChange,
  differences,
  type KeptChange,
  MAX_CHANGE_BYTES,
  OUTCOMES,
  type Who,
} from './change.ts'
