import countries from 'i18n-iso-countries/index.js'
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' }

countries.registerLocale(english)

const MARKS = /\p{M}+/gu
const BETWEEN_LETTERS = /[\s\p{P}]+/gu

/** Only the letters of a name: `The Netherlands`, `the-netherlands` and `Netherlands` are the same. */
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
 * The two-letter ISO 3166 code, in lower case, of a country given by its two- or three-letter code or its English name;
 * empty if it is not certain. `UK` is Great Britain.
 */
export function country(text: string): string {
  const found = known.get(text)
  if (found !== undefined) return found
  const code = codeOf(text)
  if (known.size >= MAX_KNOWN) known.clear()
  if (text.length <= MAX_KNOWN_CHARS) known.set(text, code)
  return code
}

/** The most cached texts, and the longest, in characters: there are few countries, and the same ones come again and again. */
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
