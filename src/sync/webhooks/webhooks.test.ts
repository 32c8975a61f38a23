import { describe, expect, it } from 'vitest'
import { checkHub, checkStandard } from './index.ts'

const delivery = (body: string, headers: Record<string, string>) => ({
  body: Buffer.from(body),
  headers: (name: string) => headers[name],
})

describe('signatures of webhooks', () => {
  // The example of Svix' documentation.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const body = '{"test": 2432232314}'
  const headers = {
    'svix-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'svix-timestamp': '1614265330',
    'svix-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  }
  const nowMs = 1_614_265_330_000

  it('are those of Standard Webhooks, and any of several may match', () => {
    const several = { ...headers, 'svix-signature': `v1,AAAA v2,x ${headers['svix-signature']}` }
    const genuine = { is: 'genuine', eventId: headers['svix-id'] }
    expect(checkStandard(delivery(body, headers), secret, nowMs)).toEqual(genuine)
    expect(checkStandard(delivery(body, several), secret, nowMs)).toEqual(genuine)
  })

  it.each([
    ['another body', delivery(`${body} `, headers), nowMs],
    ['another id', delivery(body, { ...headers, 'svix-id': 'msg_x' }), nowMs],
    ['a time long ago', delivery(body, headers), nowMs + 300_001],
    ['a time to come', delivery(body, headers), nowMs - 300_001],
    ['no signature', delivery(body, { ...headers, 'svix-signature': '' }), nowMs],
  ])('do not fit %s', (_, one, atMs) => {
    expect(checkStandard(one, secret, atMs)).toEqual({ is: 'forged' })
  })

  it('over the body alone are those of the hub scheme', () => {
    // The example of GitHub's documentation, whose scheme is the same.
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
    const hub = (text: string) => delivery(text, { 'x-hub-signature-256': signature })
    expect(checkHub(hub('Hello, World!'), "It's a Secret to Everybody")).toMatchObject({ is: 'genuine' })
    expect(checkHub(hub('Hello, World?'), "It's a Secret to Everybody")).toEqual({ is: 'forged' })
  })
})
