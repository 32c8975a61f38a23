import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { micros } from '../../money.ts'
import { createNoticeTokens, type NoticeToken } from './index.ts'

const token: NoticeToken = {
  owner: 'k3x9a0zz',
  seq: 123_456,
  issuedMs: 1_763_668_766_123,
  seat: 'acme',
  campaign: 'summer-sale_1',
  held: micros(5000),
  price: 5_000_000,
  currency: 'USD',
  billOn: 'billing',
}
const old = { id: 'k1', secret: 'old secret' }
const young = { id: 'k2', secret: 'new secret' }

describe('notice token', () => {
  it('gives back what was signed', () => {
    const tokens = createNoticeTokens([old])
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
    const amount = fc.integer({ min: 0, max: 9e15 })
    const any = fc.record({
      owner: fc.stringMatching(/^[a-z0-9]{8}$/),
      seq: amount,
      issuedMs: amount,
      seat: name,
      campaign: name,
      held: amount.map(micros),
      price: amount,
      currency: fc.stringMatching(/^[A-Z]{3}$/),
      billOn: fc.constantFrom('win' as const, 'billing' as const),
    })
    fc.assert(fc.property(any, (fields) => void expect(tokens.verify(tokens.sign(fields))).toEqual(fields)))
  })

  it('is short, and safe in an address and in JSON', () => {
    const text = createNoticeTokens([old]).sign(token)
    expect(text).toMatch(/^[\w.-]+$/)
    expect(text.length).toBeLessThan(90)
  })

  it('carries an HMAC-SHA-256 of its fields', () => {
    const text = createNoticeTokens([old]).sign(token)
    const end = text.lastIndexOf('.')
    const key = createHash('sha256').update(old.secret).digest('hex')
    const mac = createHmac('sha256', key).update(text.slice(0, end)).digest('base64url')
    expect(text.slice(end + 1)).toBe(mac.slice(0, 16))
  })

  it('is worth nothing when a single character of it is changed, lost or added', () => {
    const tokens = createNoticeTokens([old])
    const text = tokens.sign(token)
    for (let at = 0; at < text.length; at++) {
      for (const by of [
        '',
        'A',
        'b',
        '0',
        '-',
        '.',
        '..',
        'é',
        String.fromCharCode(text.charCodeAt(at) + 256),
      ]) {
        const changed = text.slice(0, at) + by + text.slice(at + 1)
        if (changed !== text) expect(tokens.verify(changed)).toBeUndefined()
      }
      expect(tokens.verify(`${text.slice(0, at)}a${text.slice(at)}`)).toBeUndefined()
      expect(tokens.verify(text.slice(0, at))).toBeUndefined()
    }
    expect(tokens.verify(`${text}A`)).toBeUndefined()
  })

  it('is not fooled by anything that merely looks like one', () => {
    const tokens = createNoticeTokens([old])
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => void expect(tokens.verify(text)).toBeUndefined()),
    )
    for (const text of ['', '.', '..', 'k1', 'k1.', `k1.${'a'.repeat(16)}`, 'k1.'.repeat(1000)]) {
      expect(tokens.verify(text)).toBeUndefined()
    }
  })

  it('is good under every key that is still known, and signed with the first', () => {
    const before = createNoticeTokens([old])
    const during = createNoticeTokens([young, old])
    const after = createNoticeTokens([young])
    expect(during.verify(before.sign(token))).toEqual(token)
    expect(after.verify(during.sign(token))).toEqual(token)
    expect(after.verify(before.sign(token))).toBeUndefined()
    const impostor = createNoticeTokens([{ id: young.id, secret: old.secret }])
    expect(after.verify(impostor.sign(token))).toBeUndefined()
  })
})
