export { MessageInput, type MessageRow } from './message.ts'
export { Messenger } from './messenger.ts'
export { findMessage } from './outbox.ts'
export { answerWhatsApp, webhookTaker } from './webhook.ts'
