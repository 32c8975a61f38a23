export { type Checked, checkHub, checkStandard, type Delivery } from './signatures.ts'
