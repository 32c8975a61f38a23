export {
  type Checked,
  checkHub,
  checkStandard,
  hubKey,
  MIN_HUB_CHARS,
  type ReceivedWebhook,
} from './signatures.ts'
