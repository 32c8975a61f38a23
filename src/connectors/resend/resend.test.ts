import { describe, expect, it } from 'vitest'
import { playAnswers, playCases } from '../reading/cases.test-support.ts'
import { createResend } from './resend.ts'

const connector = createResend({ resend: 'https://resend.example' })

describe('the Resend connector', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)
})
describe('what Resend answers', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})

describe('sending', () => {
  const mail = { from: 'k@m.example', to: ['a@x.example'], subject: 's', text: 't', tags: { kind: 'notice' } }
  const step = (mails: (typeof mail)[]) => connector.mail?.send(mails, 'key-1').next().value

  it('names itself, writes tags as a list, and leaves out what is not there', () => {
    const sent = step([mail])
    if (typeof sent !== 'object' || !('request' in sent)) throw new Error('nothing is sent')
    expect(sent).toMatchObject({ is: 'ask', bucket: 'sends' })
    const { url, headers, body } = sent.request
    expect([url, headers['idempotency-key']]).toEqual(['https://resend.example/emails', 'key-1'])
    const { tags, ...rest } = mail
    expect(JSON.parse(body ?? '')).toEqual({ ...rest, tags: [{ name: 'kind', value: tags.kind }] })
  })

  it('sends several in one request, all or none', () => {
    const sent = step([mail, mail])
    if (typeof sent !== 'object' || !('request' in sent)) throw new Error('nothing is sent')
    const { url, headers, body } = sent.request
    expect([url, headers['x-batch-validation']]).toEqual(['https://resend.example/emails/batch', 'strict'])
    expect(JSON.parse(body ?? '')).toHaveLength(2)
  })
})
