export {
  type Checked,
  checkHub,
  checkStandard,
  type Delivery,
  hubKey,
  MIN_HUB_CHARS,
  standardKey,
} from './signatures.ts'
