import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { micros } from '../../../money.ts'
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
const KINDS = ['win', 'billing', 'loss'] as const
const FORGED = { is: 'forged' }
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
    fc.assert(
      fc.property(any, fc.constantFrom(...KINDS), (fields, kind) => {
        expect(tokens.verify(kind, tokens.sign(fields)[kind])).toEqual({ is: 'genuine', token: fields })
      }),
    )
  })

  it('is good at addresses of its own kind only', () => {
    const tokens = createNoticeTokens([young, old])
    const signed = tokens.sign(token)
    for (const kind of KINDS) {
      for (const other of KINDS) {
        const is = kind === other ? 'genuine' : 'other_kind'
        expect(tokens.verify(kind, signed[other])).toEqual({ is, token })
      }
    }
  })

  it('tells nothing of the tokens of other kinds', () => {
    const tokens = createNoticeTokens([old])
    const signed = tokens.sign(token)
    const tags = KINDS.map((kind) => signed[kind].slice(signed[kind].lastIndexOf('.') + 1))
    expect(new Set(tags).size).toBe(3)
    const fields = signed.win.slice(0, signed.win.lastIndexOf('.') + 1)
    // No part of a tag, moved or put together with parts of another, makes a third.
    const [win = '', billing = ''] = tags
    for (let at = 1; at < win.length; at++) {
      for (const made of [win.slice(at) + billing.slice(0, at), billing.slice(at) + win.slice(0, at)])
        expect(tokens.verify('loss', fields + made)).toEqual(FORGED)
    }
  })

  it('is not one that an earlier version signed for all kinds', () => {
    const tokens = createNoticeTokens([old])
    const fields = tokens.sign(token).win.split('.').slice(0, -1).join('.')
    const key = createHash('sha256').update(old.secret).digest('hex')
    const mac = createHmac('sha256', key).update(fields).digest('base64url')
    for (const kind of KINDS) {
      for (const chars of [14, 16, 43]) {
        for (let at = 0; at < mac.length; at += 14)
          expect(tokens.verify(kind, `${fields}.${mac.slice(at, at + chars)}`)).toEqual(FORGED)
      }
    }
  })

  it('is short, and safe in an address and in JSON', () => {
    const text = createNoticeTokens([old]).sign(token).loss
    expect(text).toMatch(/^[\w.-]+$/)
    expect(text.length).toBeLessThan(90)
  })

  it('carries a part of an HMAC-SHA-256 of its fields', () => {
    const signed = createNoticeTokens([old]).sign(token)
    const end = signed.win.lastIndexOf('.')
    const key = createHash('sha256').update(`notice by kind:${old.secret}`).digest('hex')
    const mac = createHmac('sha256', key).update(signed.win.slice(0, end)).digest('base64url')
    KINDS.forEach((kind, i) => {
      expect(signed[kind].slice(end + 1)).toBe(mac.slice(14 * i, 14 * (i + 1)))
    })
  })

  it('is worth nothing when a single character of it is changed, lost or added', () => {
    const tokens = createNoticeTokens([old])
    const text = tokens.sign(token).billing
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
        if (changed !== text) expect(tokens.verify('billing', changed)).toEqual(FORGED)
      }
      expect(tokens.verify('billing', `${text.slice(0, at)}a${text.slice(at)}`)).toEqual(FORGED)
      expect(tokens.verify('billing', text.slice(0, at))).toEqual(FORGED)
    }
    expect(tokens.verify('billing', `${text}A`)).toEqual(FORGED)
  })

  it('is not fooled by anything that merely looks like one', () => {
    const tokens = createNoticeTokens([old])
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200 }),
        (text) => void expect(tokens.verify('billing', text)).toEqual(FORGED),
      ),
    )
    for (const text of ['', '.', '..', 'k1', 'k1.', `k1.${'a'.repeat(16)}`, 'k1.'.repeat(1000)]) {
      expect(tokens.verify('billing', text)).toEqual(FORGED)
    }
  })

  it('is good under every key that is still known, and signed with the first', () => {
    const before = createNoticeTokens([old])
    const during = createNoticeTokens([young, old])
    const after = createNoticeTokens([young])
    const genuine = { is: 'genuine', token }
    expect(during.verify('win', before.sign(token).win)).toEqual(genuine)
    expect(after.verify('loss', during.sign(token).loss)).toEqual(genuine)
    expect(after.verify('win', before.sign(token).win)).toEqual(FORGED)
    const impostor = createNoticeTokens([{ id: young.id, secret: old.secret }])
    expect(after.verify('win', impostor.sign(token).win)).toEqual(FORGED)
  })
})
