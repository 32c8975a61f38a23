import type { HttpRequest } from '../../http/http.ts'
import type { Connector } from '../platform/connector.ts'
import { ask, type Talk, TalkFailed } from '../platform/steps.ts'
import { Email, emailRow, Sent, SentAll } from './answers.ts'
import {
  createTemplate,
  deleteTemplate,
  getEmail,
  publishTemplate,
  READS,
  SENDS,
  sendBatch,
  sendEmail,
  updateTemplate,
} from './requests.ts'

/** Sends e-mails, says what became of one, and changes templates. */
export const createMail = (host: string): NonNullable<Connector['mail']> => ({
  // Repeating with the same key is safe, so a lost answer leaves no unknown outcome.
  *send(mails, key) {
    const [first] = mails
    if (!first) return []
    if (mails.length === 1) return [Sent.parse(yield* ask(sendEmail(host, first, key), SENDS)).id]
    const { data } = SentAll.parse(yield* ask(sendBatch(host, mails, key), SENDS))
    if (data.length !== mails.length)
      throw new TalkFailed(`Resend names ${data.length} of ${mails.length} e-mails that were sent`)
    return data.map(({ id }) => id)
  },
  *status(id) {
    return emailRow(Email.parse(yield* ask(getEmail(host, id), READS)))
  },
  templates: {
    create: (template) => written(createTemplate(host, template)),
    update: (id, change) => written(updateTemplate(host, id, change)),
    publish: (id) => written(publishTemplate(host, id)),
    remove: (id) => written(deleteTemplate(host, id)),
  },
})

/** Not repeated after a lost answer, because that could create a second template of the same name. */
function* written(request: HttpRequest): Talk<string> {
  const reply = yield { is: 'ask', request, bucket: SENDS, writes: true }
  return Sent.parse(reply?.is === 'ok' ? reply.body : undefined).id
}
