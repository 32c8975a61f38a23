import fc from 'fast-check'
import { getCountries, parsePhoneNumberFromString } from 'libphonenumber-js'
import { describe, expect, it } from 'vitest'
import { country } from './countries.ts'
import {
  cityLetters,
  email,
  googleEmail,
  googleFamilyName,
  googleGivenName,
  hashed,
  hashedOrMd5,
  lower,
  nameLetters,
  plain,
  readable,
  untouched,
  withoutSpaces,
  zip,
} from './normalise.ts'
import { e164 } from './phone.ts'
import { stateCode } from './states.ts'

const seed = Number(process.env['SEED'] ?? 20261128)
const FORMS = {
  lower,
  nameLetters,
  cityLetters,
  withoutSpaces,
  email,
  googleEmail,
  googleGivenName,
  googleFamilyName,
  country,
  zip,
  state: (text: string) => stateCode(nameLetters(text)),
  phone: (text: string) => e164(text, undefined),
  phoneOfGermany: (text: string) => e164(text, 'DE'),
  phoneOfTheUsa: (text: string) => e164(text, 'us'),
}
/** Any text, whole characters or not, and texts of what the forms look at. */
const anything = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc.array(fc.integer({ min: 0, max: 0x10ffff })).map((points) => String.fromCodePoint(...points)),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc
    .array(
      fc.constantFrom(
        ...' \t\u00a0.,+-@()0123456789aAbvVİßé\u0301\u030a',
        'gmail.com',
        'dr.',
        ' jr.',
        ', iii',
        '+1',
        '+49 0',
      ),
    )
    .map((parts) => parts.join('')),
)

describe.each(Object.entries(FORMS))('the form %s', (_name, form) => {
  it('takes any text, and is the same when it is applied again', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const once = form(text)
        expect(form(once)).toBe(once)
      }),
      { seed, numRuns: 400 },
    )
  })

  it('is hashed once and only once, and never where it is empty', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const once = hashed(text, form)
        if (once === undefined) return
        expect(form(readable(text))).not.toBe('')
        expect(once).toMatch(/^[0-9a-f]{64}$/)
        expect(hashed(` ${once.toUpperCase()}\n`, form)).toBe(once)
        expect(hashedOrMd5(once, form)).toBe(once)
        expect(plain(once, form)).toBeUndefined()
      }),
      { seed, numRuns: 400 },
    )
    expect(hashed(' \u00a0\n', form)).toBeUndefined()
  })
})

/** The forms without any quick way, as the platforms describe them. */
const SLOW: Readonly<Record<string, (text: string) => string>> = {
  readable: (text) =>
    text.isWellFormed() && !text.includes('\ufffd')
      ? text
          .replace(/[\p{DI}\p{Cf}]+/gu, '')
          .replace(/\p{Cc}+/gu, ' ')
          .trim()
      : '',
  lower: (text) => text.normalize('NFC').toLowerCase().normalize('NFC').trim(),
  nameLetters: (text) => slowLower(slowLower(text).replace(/[\s\p{P}$+<=>^`|~]+/gu, '')),
  cityLetters: (text) => slowLower(slowLower(text).replace(/[\s\p{P}$+<=>^`|~\d]+/gu, '')),
  withoutSpaces: (text) => slowLower(slowLower(text).replace(/\s+/g, '')),
}
const slowLower = (text: string): string => text.normalize('NFC').toLowerCase().normalize('NFC').trim()

describe('the quick ways for ASCII and Latin-1', () => {
  const latin = fc.array(fc.integer({ min: 0x20, max: 0xff })).map((codes) => String.fromCharCode(...codes))
  it.each(Object.entries({ readable, lower, nameLetters, cityLetters, withoutSpaces }))(
    'of %s answer what the slow way does',
    (name, quick) => {
      fc.assert(
        fc.property(fc.oneof(latin, anything), (text) => {
          expect(quick(text)).toBe(SLOW[name]?.(text))
        }),
        { seed, numRuns: 3000 },
      )
      for (let code = 0; code <= 0x17f; code++) {
        const text = `A${String.fromCharCode(code)}b`
        expect([code, quick(text)]).toEqual([code, SLOW[name]?.(text)])
      }
    },
  )
})

describe('hashes that the platforms publish', () => {
  it.each([
    [' John_Smith@Gmail.com ', email, '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
    ['Mary', nameLetters, '6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec'],
    ['정', nameLetters, '8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14'],
    ['Vale\u0301ry', nameLetters, '08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c'],
    ['AlexZ@example.com', googleEmail, '509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a'],
    ['GivenName', googleGivenName, '128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814'],
    [' FamilyName ', googleFamilyName, '77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574'],
    ['Person@example.com', email, '542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345'],
    ['John', nameLetters, '96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a'],
    ['Raphae\u0308l', nameLetters, 'e74bb89e718fe1e19c422a48382870399f8bf7ca8dfa008739e75b0be76627b7'],
  ])('%s', (value, form, expected) => {
    expect(hashed(value, form)).toBe(expected)
  })

  it.each([
    [
      '+1 (650) 555-1212',
      undefined,
      false,
      'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176',
    ],
    ['650 555 1212', 'US', false, 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176'],
    ['1 800 555 0100', undefined, true, 'fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30'],
    [
      '0044 844 412 4653',
      undefined,
      false,
      'dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383',
    ],
    ['0844 412 4653', 'GB', false, 'dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383'],
  ])('of the phone number %s (%s)', (value, region, withPlus, expected) => {
    expect(hashed(value, (text) => (withPlus ? e164(text, region) : e164(text, region).slice(1)))).toBe(
      expected,
    )
  })
})

describe('the forms that Google publishes', () => {
  it.each([
    ['j.e.f..ferson.Loves.hiking@gmail.com', 'jeffersonloveshiking@gmail.com'],
    ['Cloudy.SanFrancisco+shopping@googlemail.com', 'cloudysanfrancisco@googlemail.com'],
    ['first.last+tag@example.com', 'first.last+tag@example.com'],
    [' a b @ example.com', 'ab@example.com'],
  ])('of the address %s', (value, expected) => expect(googleEmail(value)).toBe(expected))
  it('of names', () => {
    expect(googleFamilyName('quinn, jr., dds')).toBe('quinn')
    expect(googleGivenName(' Mr. Alex ')).toBe('alex')
    expect(googleGivenName('Mrx')).toBe('mrx')
  })
  it('of a phone number', () => expect(e164('+44-113-496-0987', undefined)).toBe('+441134960987'))
})

describe('a phone number', () => {
  it.each([
    ['+49 (0)30 901820', undefined, '+4930901820'],
    ['030 901820', 'DE', '+4930901820'],
    ['+1 213-373-4253 ext. 5', undefined, '+12133734253'],
    ['+٩٦٦٥٠١٢٣٤٥٦٧', undefined, '+966501234567'],
    ['12', 'US', ''],
    ['+1', undefined, ''],
    ['call me', 'US', ''],
    ['+999 123456789', undefined, ''],
    // Forms that the parser takes exponential or cubic time for.
    ['2015550123;phone-context=+1', 'US', ''],
    ['2015550123;PHONE-CONTEXT=0.0.0.0.0.0.0.0.0!', 'US', ''],
    [`201 555 0123${' '.repeat(60)}x`, 'US', ''],
    // In Singapore no number begins so; it is one of the USA, which nobody has said.
    ['6505551212', 'XX', ''],
    // Nine digits would do for Great Britain, but these are of the Isle of Man.
    ['+44752400000', undefined, ''],
  ])('%s (%s) is %s', (value, region, expected) => expect(e164(value, region)).toBe(expected))

  it('is what parsing makes of it, also where it is not parsed', () => {
    const number = fc
      .tuple(
        fc.constantFrom(
          '1',
          '7',
          '44',
          '49',
          '54',
          '55',
          '52',
          '33',
          '39',
          '36',
          '61',
          '370',
          '374',
          '590',
          '86',
          '91',
        ),
        fc.stringMatching(/^[0-9]{5,12}$/),
      )
      .map(([code, national]) => `+${code}${national}`)
    fc.assert(
      fc.property(number, (text) => {
        const parsed = parsePhoneNumberFromString(text)
        expect(e164(text, undefined)).toBe(parsed?.isPossible() ? parsed.number : '')
      }),
      { seed, numRuns: 3000 },
    )
  })

  it('of a country is what parsing makes of it, also where it is not parsed', () => {
    const countries = getCountries()
    const number = fc.tuple(
      fc.constantFrom(...countries),
      fc.stringMatching(/^(00|0|1|8|01|011)?[0-9]{5,12}$/),
    )
    fc.assert(
      fc.property(number, ([country, text]) => {
        const parsed = parsePhoneNumberFromString(text, country)
        expect(e164(text, country)).toBe(parsed?.isPossible() ? parsed.number : '')
      }),
      { seed, numRuns: 5000 },
    )
  })
})

describe('other values', () => {
  it.each([
    [zip, '94025-1234', '94025'],
    [zip, 'SW1A 1AA', 'sw1a1aa'],
    [country, ' US ', 'us'],
    [country, 'USA', 'us'],
    [country, 'UK', 'gb'],
    [country, 'U.S.', 'us'],
    [country, 'united states of america', 'us'],
    [country, 'The Netherlands', 'nl'],
    [country, 'Côte d’Ivoire', 'ci'],
    [country, 'Türkiye', 'tr'],
    [country, 'DEU', 'de'],
    [country, 'ZZ', ''],
    [country, 'Congo', ''],
    [country, 'Bavaria', ''],
    [cityLetters, 'San Francisco 2', 'sanfrancisco'],
    [nameLetters, "O'Brien-Smith", 'obriensmith'],
    [email, 'nobody', ''],
  ])('%o makes of %s %s', (form, value, expected) => expect(form(value)).toBe(expected))

  it('knows the states of the USA and Canada by name', () => {
    expect(stateCode(nameLetters('New York'))).toBe('ny')
    expect(stateCode(nameLetters('Québec'))).toBe('qc')
    expect(stateCode(nameLetters('Bayern'))).toBe('bayern')
  })

  it('never changes an id of a click', () => {
    expect(untouched(' IwAR_-x ')).toBe(' IwAR_-x ')
    expect(untouched(' ')).toBeUndefined()
  })

  it('passes MD5 only where it is asked for', () => {
    const md5 = '0CC175B9C0F1B6A831C399E269772661'
    expect(hashedOrMd5(md5, email)).toBe(md5.toLowerCase())
    expect(hashed(md5, email)).toBeUndefined()
    expect(hashed(md5, (text) => text)).toMatch(/^[0-9a-f]{64}$/)
  })

  it('leaves out what is far too long', () => {
    expect(hashed(`${'a'.repeat(600)}@x.example`, email)).toBeUndefined()
  })
})
