import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { addKeyInFolder, createKeyring, keysInFolder, parseKeys } from './index.ts'

const key = () => randomBytes(32)

describe('sealed credentials', () => {
  it('open in their own record only, and are encrypted differently each time', () => {
    const ring = createKeyring([key()])
    const sealed = ring.seal('1//refresh', 'connector:a')
    expect(ring.open(sealed, 'connector:a')).toBe('1//refresh')
    expect(ring.seal('1//refresh', 'connector:a')).not.toBe(sealed)
    expect(sealed).not.toContain('refresh')
  })

  it('do not open in another record, changed, or without their key', () => {
    const mine = key()
    const ring = createKeyring([mine])
    const sealed = ring.seal('secret', 'connector:a')
    expect(() => ring.open(sealed, 'connector:b')).toThrow()
    const { data, ...rest } = JSON.parse(sealed)
    const flipped = Buffer.from(data, 'base64')
    flipped[0] = (flipped[0] ?? 0) ^ 1
    expect(() =>
      ring.open(JSON.stringify({ ...rest, data: flipped.toString('base64') }), 'connector:a'),
    ).toThrow()
    expect(() =>
      ring.open(JSON.stringify({ data, ...rest, tag: rest.tag.slice(0, 8) }), 'connector:a'),
    ).toThrow()
    expect(() => createKeyring([key()]).open(sealed, 'connector:a')).toThrow(/not in ENCRYPTION_KEY/)
  })

  it('open with an older key while a newer one seals', () => {
    const [older, newer] = [key(), key()]
    const sealed = createKeyring([older]).seal('secret', 'x')
    const both = createKeyring([newer, older])
    expect(both.open(sealed, 'x')).toBe('secret')
    expect(both.isCurrent(sealed)).toBe(false)
    expect(both.isCurrent(both.seal('secret', 'x'))).toBe(true)
  })

  it('refuses a key of another length without repeating it', () => {
    expect(() => parseKeys('c2hvcnQ=')).toThrow(/^each key must be base64 of 32 bytes$/)
  })

  it('keeps the key of mock mode for its owner alone, and adds a new one in front', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const [first] = keysInFolder(folder)
    expect(keysInFolder(folder)).toEqual([first])
    expect(statSync(join(folder, 'encryption.key')).mode & 0o777).toBe(0o600)
    expect(addKeyInFolder(folder)[1]).toEqual(first)
    expect(statSync(join(folder, 'encryption.key')).mode & 0o777).toBe(0o600)
    expect(keysInFolder(folder)).toHaveLength(2)
  })
})

it('seals every text with random bytes of its own', () => {
  const keyring = createKeyring([key()])
  const sealed = Array.from({ length: 600 }, () => keyring.seal('the same', 'a'))
  expect(new Set(sealed.map((text) => JSON.parse(text).iv)).size).toBe(600)
  expect(sealed.map((text) => keyring.open(text, 'a'))).toEqual(sealed.map(() => 'the same'))
})
