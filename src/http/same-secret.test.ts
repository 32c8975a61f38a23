import { expect, it } from 'vitest'
import { isSameSecret } from './same-secret.ts'

it.each([
  ['the same text', 'a secret', 'a secret', true],
  ['another text of the same length', 'a secret', 'a secreT', false],
  ['a part', 'a secr', 'a secret', false],
  ['nothing', '', 'a secret', false],
  ['as many characters in more bytes', 'gänse', 'ganse', false],
])('compares a secret with %s', (_, given, expected, isSame) => {
  expect(isSameSecret(given, expected)).toBe(isSame)
})
