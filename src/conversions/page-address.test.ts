import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPage } from './page-address.ts'

const SITE = 'https://shop.example/a/b'

describe('the address of a page', () => {
  it.each([
    'fbclid=IwAR2x&gclid=Cj0K&gbraid=0AA&wbraid=Cl&ttclid=E.C.P&ScCid=5f&msclkid=1&dclid=x&li_fat_id=y&twclid=z',
    'utm_source=news&utm_medium=email&utm_campaign=120210000000000&utm_id=16505551212&utm_content=a+b%20c',
    'q=red+shoes&page=2&sort=price&size=42&from=2026-11-20&to=20.11.2026&price=1000-2000&v=1.2.3',
    'order=1234567890&orderId=16505551212&product_id=16505551212&variant=40123456789012&ts=1795800000000',
    'empty=&flag&a=b=c&%zz=1&x=%',
    'uuid=0190c3b2-7f3a-7c3e-9a51-3c6b0a5f1e11&coupon=SAVE20&lang=de-DE&email=',
  ])('stays as it is: %s', (query) => {
    for (const url of [`${SITE}?${query}`, `${SITE}?${query}#top`, `${SITE}?${query}#/step-2`])
      expect(readPage(url)).toEqual({ url, leftOut: undefined })
  })

  it.each([
    ['email=x', 'email'],
    ['E-Mail=x', 'email'],
    ['customerEmail=x', 'email'],
    ['customer_email_address=x', 'email'],
    ['billing%5Bemail%5D=x', 'email'],
    ['user[phone]=x', 'phone'],
    ['phoneNumber=x', 'phone'],
    ['first_name=Ann', 'firstname'],
    ['lastName=Li', 'lastname'],
    ['name=Ann', 'name'],
    ['access_token=x', 'token'],
    ['id_token=x', 'token'],
    ['token=x', 'token'],
    ['PHPSESSID=x', 'phpsessid'],
    ['session_id=x', 'session'],
    ['api_key=x', 'apikey'],
    ['key=wc_order_x', 'key'],
    ['code=x', 'code'],
    ['password=x', 'password'],
    ['zip=94025', 'zip'],
    ['user_id=7', 'userid'],
    ['ip=203.0.113.7', 'ip'],
  ])('loses %s, which is named', (piece, name) => {
    const { url, leftOut } = readPage(`${SITE}?a=1&${piece}&b=2#top`)
    expect(url).toBe(`${SITE}?a=1&b=2#top`)
    expect(leftOut).toBe(`is sent without its parameters ${name}`)
    expect(readPage(`${SITE}?${piece}`).url).toBe(SITE)
  })

  it.each([
    'x=ann@x.example',
    'x=ann%40x.example',
    'x=ann%2540x.example',
    'x=Ann+Li+%3Cann.li%2Bnews%40mail.x.example%3E',
    'x=%zzann%40x.example',
    'ann@x.example',
    'ann%40x.example=1',
    'utm_content=ann%40x.example',
    'utm_term=%2B16505551212',
    'x=%2B16505551212',
    'x=+16505551212',
    'x=+1+650+555+1212',
    'x=(650)%20555-1212',
    'x=650-555-1212',
    'x=0041+79+123+45+67',
    'x=16505551212',
    'x=01794567890',
    'x=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
    'x=62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f',
    'x=0bc83cb571cd1c50ba6f3e8a78ef1346',
    'next=https%3A%2F%2Fx.example%2F%3Ftoken%3Dabc%26a%3D1',
    'next=%2Faccount%3Ffirst_name%3DAnn',
  ])('loses %s for its value, and names nothing of it', (piece) => {
    const { url, leftOut } = readPage(`${SITE}?a=1&${piece}`)
    expect(url).toBe(`${SITE}?a=1`)
    expect(leftOut).toBe(
      'is sent without parameters that look like an e-mail address, a phone number or a token',
    )
  })

  it('loses a segment of its path and its fragment where they are about a person', () => {
    expect(readPage('https://shop.example/u/ann%40x.example/orders?a=1').url).toBe(
      'https://shop.example/u/***/orders?a=1',
    )
    expect(readPage('https://shop.example/tel/+16505551212').url).toBe('https://shop.example/tel/***')
    expect(readPage(`${SITE}#access_token=abc&state=1`)).toEqual({
      url: SITE,
      leftOut: 'is sent without its fragment',
    })
    expect(readPage(`${SITE}#/reset?token=abc`).url).toBe(SITE)
    expect(readPage(`${SITE}?email=x#ann@x.example`)).toEqual({
      url: SITE,
      leftOut: 'is sent without its parameters email, and its fragment',
    })
    expect(readPage(undefined)).toEqual({ url: undefined, leftOut: undefined })
  })

  it('is read the same again, and stays an address', () => {
    const pieces = fc.constantFrom(
      ...[
        'email=x',
        'a=1',
        'x=ann%40x.example',
        'fbclid=I_w',
        '%',
        '=',
        'utm_source=a@b.example',
        '&',
        '?',
        '#',
        '/',
      ],
      ...['+1650555', '%40', '@', 'x.example', '://', 'token', '%2540', ';', '\\', 'é', ' '],
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (said) => {
        const address = `https://shop.example/${said.join('')}`
        const { url = '' } = readPage(address)
        expect(URL.canParse(url)).toBe(true)
        expect(readPage(url)).toEqual({ url, leftOut: undefined })
        expect(url.length).toBeLessThanOrEqual(Math.max(address.length, address.length + 3))
      }),
      { seed: Number(process.env['SEED'] ?? 20261129), numRuns: 500 },
    )
  })
})
