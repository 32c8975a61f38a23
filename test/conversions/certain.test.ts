import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { event, startConversions } from '../support/conversions.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const person = (more: object) => ({ email: 'ann@x.example', client_user_agent: 'Mozilla/5.0', ...more })

it('takes no time that there is not', async () => {
  const { post } = await startConversions()
  const times = [
    ...['2026-09-31T10:00:00Z', '2026-02-29T10:00:00Z', '2026-11-00T10:00:00Z', '2026-13-01T10:00:00Z'],
    ...['2026-11-19T24:00:00Z', '2026-11-19T25:00:00Z', '2026-11-20T10:60:00Z', '2026-11-20T10:00:60Z'],
    ...['2026-11-20T10:00:00+15:00', '2026-11-20T10:00:00-12:30', '2026-11-20T10:00:00+01:60'],
    ...['2026-11-20T10:00:00 once Z', '2026-11-20', ' 2026-11-20T10:00:00Z', '20.11.2026', '', 'now'],
    ...[-1, 1e15, Number.MAX_VALUE, true, null, ['2026-11-20T10:00:00Z']],
  ]
  const { body } = await post(times.map((event_time, at) => ({ event_id: `t${at}`, event_time })))
  for (const [at, result] of body.results.entries())
    expect([times[at], result]).toMatchObject([times[at], { status: 'rejected', field: 'event_time' }])

  const good = [
    '2026-11-20T11:00Z',
    '2026-11-21T00:59:00+14:00',
    '2026-11-19T23:00:00.25-12:00',
    '2026-11-20T12:00:00+0100',
  ]
  const { body: taken } = await post(good.map((event_time, at) => ({ event_id: `g${at}`, event_time })))
  expect(taken.results.map(({ status }: { status: string }) => status)).toEqual(good.map(() => 'accepted'))
})

it('sends of a person what is certain, to every platform, and says what it leaves out', async () => {
  const { send } = await startConversions()
  const preview = async (user_data: object, more: object = {}) => {
    const events = [event({ platforms: undefined, user_data: person(user_data), ...more })]
    const { body } = await send('POST', '/api/v1/conversions/preview', { events })
    return {
      text: JSON.stringify(body.previews.map(({ request }: { request: unknown }) => request)),
      leftOut: body.previews.map(({ left_out = [] }: { left_out?: { field: string }[] }) =>
        left_out.map(({ field }) => field),
      ),
      platforms: body.previews.length,
    }
  }
  const everywhere = (...fields: string[]) => Array.from({ length: 4 }, () => fields)

  for (const client_ip_address of [
    ...[
      '203.0.113.5, 10.0.0.1',
      'unknown',
      '203.0.113.5:443',
      '[2001:db8::1]',
      '10.0.0.1',
      '127.0.0.1',
      '::1',
    ],
    ...['fe80::1%eth0', '256.1.1.1', '203.0.113', '192.168.1.9', 'fd00::7', '203.0.113.5\u00007'],
  ]) {
    const { text, leftOut } = await preview({ client_ip_address })
    expect([client_ip_address, leftOut]).toEqual([
      client_ip_address,
      everywhere('user_data.client_ip_address'),
    ])
    expect(text).not.toMatch(/client_ip_address|ipAddress|"ip"/)
  }
  for (const [client_ip_address, sent] of [
    [' 203.0.113.5\n', '203.0.113.5'],
    ['::ffff:203.0.113.5', '203.0.113.5'],
    ['2001:db8::7', '2001:db8::7'],
  ] as const) {
    const { text, leftOut } = await preview({ client_ip_address, country: 'US' })
    expect(leftOut).toEqual(everywhere())
    expect(text.split(`"${sent}"`)).toHaveLength(5)
  }

  // However the country is written, the number is read by its rules.
  const number = [sha256('+16505551212'), sha256('16505551212')]
  for (const country of ['US', 'us', 'USA', 'U.S.A.', 'United States', 'the united states of america']) {
    const { text, leftOut } = await preview({ country, phone: '(650) 555-1212' })
    expect([country, leftOut]).toEqual([country, everywhere()])
    expect(number.map((each) => text.split(each).length)).toEqual([3, 3])
    expect(text).toContain(sha256('us'))
  }
  const { text: british } = await preview({ country: 'UK', phone: '0844 412 4653' })
  expect(british).toContain('dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383')
  expect(british).toContain(sha256('gb'))
  const { text: nobody, leftOut } = await preview({ country: 'Bavaria', phone: '(650) 555-1212' })
  expect(leftOut).toEqual(everywhere('user_data.phone', 'user_data.country'))
  expect(nobody).not.toMatch(/"ph"|phone/i)
  // A hashed country says nothing about the number, and is no country where it is wanted plain.
  expect((await preview({ country: sha256('us'), phone: '(650) 555-1212' })).leftOut.toSorted()).toEqual(
    [[], [], ['user_data.country'], ['user_data.country']].map((more) => ['user_data.phone', ...more]),
  )

  const { text: state } = await preview({ country: 'US', state: 'California' })
  expect(state.split(sha256('ca'))).toHaveLength(3)
  expect((await preview({ country: 'Bulgaria', state: 'Montana' })).text).not.toContain(sha256('mt'))
})

it('says what one platform does not get, and which', async () => {
  const { send } = await startConversions()
  const said = async (user_data: object) => {
    const events = [event({ platforms: undefined, user_data: person(user_data) })]
    const { body } = await send('POST', '/api/v1/conversions/events', {
      events: events.map((one) => ({ ...one, event_id: `e${JSON.stringify(user_data).length}` })),
    })
    const { body: previewed } = await send('POST', '/api/v1/conversions/preview', { events })
    const { left_out = [], status } = body.results[0]
    expect(status).toBe('accepted')
    const shown = ({ field, platform }: { field: string; platform?: string }) =>
      `${platform ?? 'all'} ${field.slice('user_data.'.length)}`
    const ofPreviews = previewed.previews.flatMap((one: { platform: string; left_out?: object[] }) =>
      (one.left_out ?? []).map((each) => shown({ ...(each as { field: string }), platform: one.platform })),
    )
    expect(ofPreviews.toSorted()).toEqual(left_out.map(shown).toSorted())
    return left_out.map(shown).toSorted()
  }
  expect(await said({ gclid: 'g', gbraid: 'b', wbraid: 'w' })).toEqual(['google gbraid', 'google wbraid'])
  expect(await said({ gbraid: 'b', wbraid: 'w' })).toEqual(['google wbraid'])
  expect(await said({ wbraid: 'w' })).toEqual([])
  expect(await said({ first_name: 'Ann', zip: '94025', country: 'US' })).toEqual(['google first_name'])
  expect(await said({ first_name: 'Ann', last_name: 'Li', zip: '94025', country: 'US' })).toEqual([])
  expect(await said({ country: sha256('us'), city: sha256('paris') })).toEqual([
    ...['google country', 'tiktok city', 'tiktok country'],
  ])
  const md5 = createHash('md5').update('ann@x.example').digest('hex')
  expect(await said({ email: md5, client_ip_address: '203.0.113.7', country: 'US', gclid: 'g' })).toEqual([
    ...['google email', 'snapchat email', 'tiktok email'],
  ])
})

it('sends Google no IP address of a European, nor of anybody whose country is not known', async () => {
  const { send, sandbox } = await startConversions({ CONVERSION_APIS: '{}' })
  const client_ip_address = '203.0.113.7'
  const shown = async (country: string | undefined) => {
    const events = [
      event({ platforms: ['google', 'meta'], user_data: person({ client_ip_address, country }) }),
    ]
    const { body } = await send('POST', '/api/v1/conversions/preview', { events })
    const [google, meta] = body.previews
    const device = google.request.body.events[0].eventDeviceInfo
    expect(meta.request.body.data[0].user_data).toMatchObject({ client_ip_address })
    return [device.ipAddress, google.left_out?.map(({ field }: { field: string }) => field)]
  }
  for (const country of ['US', 'Brazil', 'JPN', 'Turkey', 'Serbia'])
    expect([country, await shown(country)]).toEqual([country, [client_ip_address, undefined]])
  for (const country of ['DE', 'France', 'NOR', 'Iceland', 'Liechtenstein', 'UK', 'GB', 'Switzerland', 'RE'])
    expect([country, await shown(country)]).toEqual([country, [undefined, ['user_data.client_ip_address']]])
  expect(await shown(undefined)).toEqual([undefined, ['user_data.client_ip_address']])
  // What the connection takes everybody for whose country is not said.
  const connection = '/api/v1/conversions/connections/google'
  const { body } = await send('PUT', connection, {
    credentials: sandbox.conversions.credentials.google,
    settings: { default_region: 'US' },
  })
  expect(body.platform).toBe('google')
  expect(await shown(undefined)).toEqual([client_ip_address, undefined])
  expect(await shown('AT')).toEqual([undefined, ['user_data.client_ip_address']])
})

it('hashes no character that nobody sees, and nothing of which characters are lost', async () => {
  const { send } = await startConversions()
  const sent = async (user_data: object) => {
    const events = [event({ user_data: person(user_data) })]
    const { body } = await send('POST', '/api/v1/conversions/preview', { events })
    return [body.previews[0].request.body.data[0].user_data, body.previews[0].left_out]
  }
  const [seen] = await sent({
    email: '\ufeffann@\u200bx.exam\u00adple',
    first_name: 'Jo\u200bhn',
    city: '\u2067Paris\u2069',
  })
  expect(seen).toMatchObject({ em: sha256('ann@x.example'), fn: sha256('john'), ct: sha256('paris') })
  // JSON may have halves of characters, and what somebody has read in the wrong encoding.
  const [lost, leftOut] = await sent({ first_name: 'J\ud800hn', last_name: 'M\ufffdller', city: '\u200b' })
  expect(Object.keys(lost).sort()).toEqual(['client_user_agent', 'em'])
  expect(leftOut).toEqual([
    { field: 'user_data.first_name', reason: expect.any(String) },
    { field: 'user_data.last_name', reason: expect.any(String) },
  ])
  const [ids, without] = await sent({
    fbp: 'fb.1.1795172400000.1 2',
    external_id: sha256(''),
    phone: '+16505551212',
    email: 'nobody',
    fbc: 'x\u0000y',
  })
  expect(Object.keys(ids).sort()).toEqual(['client_user_agent', 'ph'])
  expect(without.map(({ field }: { field: string }) => field)).toEqual([
    'user_data.external_id',
    'user_data.email',
    'user_data.fbc',
    'user_data.fbp',
  ])
})

it('takes what a program writes where it has nothing for no identifier, and names of people for names', async () => {
  const { send } = await startConversions()
  const identifiers = ['email', 'phone', 'external_id', 'gclid', 'ttclid', 'ttp', 'sc_click_id', 'sc_cookie1']
  const left = async (said: readonly object[]): Promise<string[][]> => {
    // So many are shown at once.
    const [some, rest] = [said.slice(0, 100), said.slice(100)]
    const events = some.map((user_data, at) => event({ event_id: `e${at}`, user_data: person(user_data) }))
    const { body } = await send('POST', '/api/v1/conversions/preview', { events })
    const fields = body.previews.map(({ left_out = [] }: { left_out?: { field: string }[] }) =>
      left_out.map(({ field }) => field.slice('user_data.'.length)),
    )
    return rest.length === 0 ? fields : [...fields, ...(await left(rest))]
  }
  const nothing = [
    ...[
      '(null)',
      '<nil>',
      '<null>',
      '<no value>',
      'null',
      'NULL',
      'undefined',
      'Undefined',
      'nan',
      'none',
      'N/A',
    ],
    ...[
      '{gclid}',
      '{{gclid}}',
      '{{ gclid }}',
      '{{{gclid}}}',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a template that nothing was put in for
      '${gclid}',
      '#{gclid}',
      '%7Bgclid%7D',
      '%7B%7Bx%7D%7D',
    ],
    ...[
      '*|EMAIL|*',
      '%%x%%',
      '%GCLID%',
      '[x]',
      '[[x]]',
      '[object Object]',
      '##x##',
      '@@x@@',
      '__CLICKID__',
      '(none)',
    ],
    ...[
      '00000000-0000-0000-0000-000000000000',
      '{00000000-0000-0000-0000-000000000000}',
      '0',
      '--',
      'unknown',
    ],
  ]
  const all = nothing.flatMap((word) => identifiers.map((name) => [name, word] as const))
  expect(await left(all.map(([name, word]) => ({ [name]: word })))).toEqual(all.map(([name]) => [name]))

  // Somebody has hashed it before.
  const hashed = ['email', 'phone', 'external_id'].flatMap((name) =>
    ['undefined', 'null', '', '0'].map((word) => ({ [name]: sha256(word) })),
  )
  expect(await left(hashed)).toEqual(hashed.map((said) => Object.keys(said)))

  const ids = [
    '{3F2504E0-4F89-11D3-9A0C-0305E82C3301}',
    '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'nullable',
    '007',
  ]
  expect(await left(ids.map((external_id) => ({ external_id })))).toEqual(ids.map(() => []))
  const names = [
    { last_name: 'Null' },
    { first_name: 'True' },
    { first_name: sha256('null') },
    { country: 'NA' },
  ]
  expect(await left(names)).toEqual(names.map(() => []))
})

it('takes every id of a click and a browser that code of Meta makes, and none without a click', async () => {
  const { send, sandbox, post, ended } = await startConversions({ CONVERSION_APIS: '{}' })
  const ms = Date.parse('2026-11-20T10:00:00Z')
  const fbc = (subdomain: string, rest: string) => `fb.${subdomain}.${ms}.${rest}`
  const good = [
    ...['0', '1', '2', '3', '4', '12'].map((subdomain) => fbc(subdomain, 'IwAR_a-B')),
    ...['IwAR.Ag', 'IwAR.AQQBAQEA', 'IwAR.A-Q_AQEA', 'IwAR.-_'].map((rest) => fbc('1', rest)),
  ]
  const bad = [
    ...['x', '-1', '1234', ''].map((subdomain) => fbc(subdomain, 'IwAR')),
    ...['IwAR.A', 'IwAR.AgAg', 'IwAR.AQQBAQEAx', 'IwAR.Ag.Ag', '', 'undefined', 'null', '(null)'].map(
      (rest) => fbc('1', rest),
    ),
    `fb.1.${ms / 1_000}.IwAR`,
  ]
  const browsers = ['fb.1', 'fb.3', 'fb.4'].flatMap((start) =>
    ['', '.Ag', '.A-Q_AQEA'].map((appendix) => `${start}.${ms}.1098115397${appendix}`),
  )
  const said = [
    ...good.map((id) => ({ fbc: id })),
    ...bad.map((id) => ({ fbc: id })),
    ...browsers.map((fbp) => ({ fbp })),
  ]
  const events = said.map((user_data, at) => event({ event_id: `f${at}`, user_data: person(user_data) }))
  const { body } = await send('POST', '/api/v1/conversions/preview', { events })
  const sent = body.previews.map(({ request }: { request: { body: { data: [{ user_data: object }] } } }) => {
    const { fbc, fbp } = Object(request.body.data[0].user_data)
    return fbc ?? fbp
  })
  expect(sent).toEqual([...good, ...bad.map(() => undefined), ...browsers])
  await post(events)
  for (const { event_id } of events) expect((await ended(String(event_id))).state).toBe('acknowledged')
  expect(sandbox.conversions.counts().meta_conversions.refused).toBe(0)
})

it('names a field that nobody knows only where it looks like one', async () => {
  const { post, send } = await startConversions()
  const names = [
    'jane@x.example',
    '+1 650 555 1212',
    'a'.repeat(41),
    'customer_4711',
    'x\u0000y',
    '__proto__',
    'constructor',
  ]
  const { body } = await post(
    names.map((name, at) => ({ event_id: `n${at}`, user_data: JSON.parse(`{${JSON.stringify(name)}:"v"}`) })),
  )
  expect(body.results.map(({ field }: { field: string }) => field)).toEqual([
    ...Array.from({ length: 5 }, () => 'user_data.(a name that is not shown)'),
    'user_data.__proto__',
    'user_data.constructor',
  ])
  const secret = await send('PUT', '/api/v1/conversions/connections/meta', {
    credentials: { 'EAAB-secret 1': 'x' },
  })
  expect(JSON.stringify(secret.body)).not.toContain('EAAB')
})

it('refuses values that no platform can count, one by one', async () => {
  const { post } = await startConversions()
  const custom_data = (more: object) => ({ custom_data: { value: 1, currency: 'USD', ...more } })
  const wrong: [string, object][] = [
    ['event_id', { event_id: ' ord' }],
    ['event_id', { event_id: 'ord\u00e9' }],
    ['event_id', { event_id: 'x'.repeat(129) }],
    ['event_id', { event_id: 7 }],
    ['event_name', { event_name: 'purchase ' }],
    ['event_name', { event_name: 'Purchase' }],
    ['platforms.0', { platforms: ['Meta'] }],
    ['platforms', { platforms: [] }],
    ['platforms', { platforms: Array.from({ length: 10_000 }, () => 'meta') }],
    ['custom_data.value', custom_data({ value: 1e13 })],
    ['custom_data.value', custom_data({ value: '49.90' })],
    ['custom_data.value', custom_data({ value: null })],
    ['custom_data.currency', custom_data({ currency: 'XXY' })],
    ['custom_data.contents', custom_data({ contents: Array.from({ length: 10_000 }, () => ({ id: 'a' })) })],
    ['custom_data.contents.0.quantity', custom_data({ contents: [{ id: 'a', quantity: 0 }] })],
    ['custom_data.contents.0.quantity', custom_data({ contents: [{ id: 'a', quantity: 1.5 }] })],
    ['custom_data.contents.0.item_price', custom_data({ contents: [{ id: 'a', item_price: -1 }] })],
    ['custom_data.search_string', custom_data({ search_string: 'a\ud800' })],
    ['event_source_url', { event_source_url: 'javascript:alert(1)' }],
    ['event_source_url', { event_source_url: 'https://x.example/a b' }],
    [
      'app_data.extinfo',
      {
        app_data: { advertiser_tracking_enabled: true, application_tracking_enabled: true, extinfo: ['a2'] },
      },
    ],
  ]
  const { body } = await post(wrong.map(([, more], at) => ({ event_id: `w${at}`, ...more })))
  expect(body.results.map(({ status, field }: Record<string, string>) => [status, field])).toEqual(
    wrong.map(([field]) => ['rejected', field]),
  )
})

it('tells TikTok only the site where consent was denied, and nobody a password of an address', async () => {
  const { send } = await startConversions()
  const preview = async (more: Record<string, unknown>) => {
    const { body } = await send('POST', '/api/v1/conversions/preview', { events: [event(more)] })
    return body.previews[0].request.body.data[0]
  }
  const address = 'https://jane:secret@shop.example/orders/jane-doe/4711?mail=jane#top'
  const denied = await preview({
    ...{ platforms: ['tiktok'], event_source_url: address, consent: { ad_user_data: 'denied' } },
    custom_data: { value: 1, currency: 'USD', predicted_ltv: 310, search_string: 'jane doe' },
  })
  expect(denied).toMatchObject({ page: { url: 'https://shop.example' }, user: {}, limited_data_use: true })
  expect(JSON.stringify(denied)).not.toMatch(/jane|4711|310|secret/)
  const granted = await preview({ event_source_url: address })
  expect(granted.event_source_url).toBe('https://shop.example/orders/jane-doe/4711#top')
})

it('sends and stores no address of a page with what is about a person in it, and says so', async () => {
  const { post, send, ended, get, meta } = await startConversions()
  const event_source_url =
    'https://shop.example/thanks?order=77&Email=ann%40x.example&tel=+16505551212&access_token=abc&fbclid=IwAR_x&utm_source=mail&q=a+b'
  const sent = 'https://shop.example/thanks?order=77&fbclid=IwAR_x&utm_source=mail&q=a+b'
  const left = {
    field: 'event_source_url',
    reason: 'is sent without its parameters email, tel, token',
  }
  const search = { field: 'custom_data.search_string', reason: 'has an e-mail address or a phone number' }
  const custom_data = { value: 1, currency: 'USD', search_string: 'orders of ann@x.example' }
  const said = { event_source_url, custom_data, user_data: person({ country: 'US' }) }
  expect((await post([said])).body.results).toEqual([
    { event_id: 'ord-1', status: 'accepted', left_out: [left, search] },
  ])
  const { body } = await send('POST', '/api/v1/conversions/preview', { events: [event(said)] })
  expect(body.previews[0]).toMatchObject({ left_out: [left, search] })
  await ended('ord-1')
  expect(meta.calls[0]?.body.data[0]?.['event_source_url']).toBe(sent)
  expect(meta.calls[0]?.body.data[0]?.['custom_data']).not.toHaveProperty('search_string')
  expect(JSON.stringify([meta.calls, (await get('/api/v1/conversions/events/ord-1')).body])).not.toMatch(
    /ann@|ann%40|6505551212/,
  )
})

it('takes no id that is an e-mail address or a phone number, since ids are open', async () => {
  const { post } = await startConversions()
  const value = { value: 1, currency: 'USD' }
  const { body } = await post([
    { event_id: 'ann@x.example' },
    { event_id: '+1 650 555 1212' },
    { custom_data: { ...value, order_id: 'order-of-ann@x.example' } },
    { custom_data: { ...value, contents: [{ id: 'ann@x.example' }] } },
    { event_id: 'a@b', custom_data: { ...value, order_id: '16505551212' } },
  ])
  expect(body.results.map(({ field }: { field?: string }) => field)).toEqual([
    ...['event_id', 'event_id', 'custom_data.order_id', 'custom_data.contents.0.id', undefined],
  ])
  expect(body.results[0].reason).not.toContain('ann')
})

it('refuses an event for the platform that is not connected, and for no other', async () => {
  const { post, send, ended, statesOf } = await startConversions()
  await send('DELETE', '/api/v1/conversions/connections/tiktok')
  const both = { platforms: ['meta', 'tiktok'] }
  const refusal = { platform: 'tiktok', field: 'platforms', reason: 'tiktok is not connected' }
  expect((await post([both])).body.results).toEqual([
    { event_id: 'ord-1', status: 'accepted', refused_by: [refusal] },
  ])
  await ended('ord-1')
  expect(await statesOf('ord-1')).toEqual({ meta: 'acknowledged' })
  const { body } = await post([{ event_id: 'ord-2', platforms: ['tiktok'] }])
  expect(body.results).toMatchObject([{ status: 'rejected', field: 'platforms' }])
})
