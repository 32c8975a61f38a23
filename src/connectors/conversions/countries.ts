import countries from 'i18n-iso-countries/index.js'
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' }

countries.registerLocale(english)

const MARKS = /\p{M}+/gu
const BETWEEN_LETTERS = /[\s\p{P}]+/gu

/** Letters of a name alone: `The Netherlands`, `the-netherlands` and `Netherlands` are one. */
const letters = (name: string): string =>
  name
    .normalize('NFD')
    .replace(MARKS, '')
    .toLowerCase()
    .replace(BETWEEN_LETTERS, '')
    .replace(/^the(?=.{4})/, '')

/** Codes by name; null for a name that two countries have. */
function codesByName(): ReadonlyMap<string, string | null> {
  const codes = new Map<string, string | null>()
  const shown = new Intl.DisplayNames(['en'], { type: 'region' })
  for (const [code, names] of Object.entries(countries.getNames('en', { select: 'all' })))
    for (const name of [names, shown.of(code) ?? []].flat()) {
      const key = letters(name)
      const known = codes.get(key)
      codes.set(key, known === undefined || known === code ? code : null)
    }
  return codes
}

let byName: ReadonlyMap<string, string | null> | undefined

/**
 * The code of two letters in lower case of a country that is given by its code of two or three letters, or by its name in English;
 * empty for what is not certainly a country. `UK` is Great Britain.
 */
export function country(text: string): string {
  const found = known.get(text)
  if (found !== undefined) return found
  const code = codeOf(text)
  if (known.size >= MAX_KNOWN) known.clear()
  if (text.length <= MAX_KNOWN_CHARS) known.set(text, code)
  return code
}

/** There are few countries, and each comes again and again. */
const MAX_KNOWN = 1_000
const MAX_KNOWN_CHARS = 64
const known = new Map<string, string>()

function codeOf(text: string): string {
  const code = text.trim().toUpperCase()
  if (code.length === 2 && countries.isValid(code)) return code.toLowerCase()
  if (code.length === 3) {
    const found = countries.alpha3ToAlpha2(code)
    if (found !== undefined) return found.toLowerCase()
  }
  byName ??= codesByName()
  return byName.get(letters(text))?.toLowerCase() ?? ''
}
