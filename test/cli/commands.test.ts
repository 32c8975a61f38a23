import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hashKey, KEY_SCOPES } from '../../src/api/index.ts'
import { parseConfig } from '../../src/config/config.ts'
import { messageOf } from '../../src/errors.ts'
import { RESEND_KEYS } from '../../src/sandbox/resend/api.ts'
import { freePort } from '../support/free-port.ts'
import { startHarness } from '../support/harness.ts'
import { startPlayedReads } from '../support/played-reads.ts'
import { startReads } from '../support/reads.ts'
import { NOTIFY_SECRET, startReceiver, told } from '../support/receiver.ts'
import { folder } from '../support/service.ts'
import { terminalAt } from '../support/terminal.ts'

const COMMANDS = [
  'start',
  'bids',
  'budgets',
  'pause',
  'resume',
  'kill',
  'alerts',
  'spend',
  'limit',
  'platforms',
  'audit',
  'version',
]
const GROUPS = {
  connectors: ['list', 'types', 'reports', 'connect', 'test', 'disconnect', 'sync', 'fetch'],
  conversions: ['send', 'preview', 'status', 'replay', 'dead-letters', 'health'],
  messages: ['send', 'status', 'list'],
  schedules: ['list', 'set', 'end'],
  campaigns: ['list', 'create', 'change'],
  templates: ['create', 'change', 'publish', 'delete'],
  ledger: ['verify', 'export'],
  keys: ['new', 'rotate', 'list', 'create', 'revoke'],
  notifications: ['list', 'replay'],
}
const PAIRS = Object.entries(GROUPS).flatMap(([group, names]) => names.map((name) => [group, name]))

async function service(environment: Record<string, string> = {}) {
  const harness = await startHarness(environment)
  return { ...harness, ...terminalAt(harness.service.url) }
}

describe('how a command is used', () => {
  it.each([...COMMANDS.map((name) => [name]), ...PAIRS])('is said by %s %s --help', async (...command) => {
    const { lines, notes, run } = terminalAt('http://127.0.0.1:9')
    expect(await run(...command.filter((word) => word !== undefined), '--help')).toBe(0)
    expect(lines.join('\n')).toMatch(new RegExp(`^Usage: bidwarden ${command.join(' ')}`.trim()))
    expect(notes).toEqual([])
  })

  it('is said with the commands there are, and the version', async () => {
    const { lines, run } = terminalAt('http://127.0.0.1:9')
    expect(await run('--help')).toBe(0)
    for (const name of [...COMMANDS, ...Object.keys(GROUPS)]) expect(lines.join('\n')).toContain(`  ${name} `)
    expect(await run('--version')).toBe(0)
    expect(lines.at(-1)).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it.each(Object.keys(GROUPS))(
    'is said with the commands of %s, where none of them is named',
    async (group) => {
      const { notes, lines, run } = terminalAt('http://127.0.0.1:9')
      expect(await run(group)).toBe(2)
      expect(lines).toEqual([])
      expect(notes.join('\n')).toMatch(new RegExp(`^Usage: bidwarden ${group} `))
      expect(await run('help', 'nonsense')).toBe(2)
      expect(await run(group, 'help', 'nope')).toBe(2)
      expect(notes.slice(-2)).toEqual([
        'bidwarden: there is no command nonsense; try --help',
        'bidwarden: there is no command nope; try --help',
      ])
    },
  )

  it.each([[['nonsense']], [['bid']], [['bids', '--nonsense']], [['pause']], [['connectors', 'fetch', 'x']]])(
    'is asked for in a line after %j',
    async (args) => {
      const { notes, lines, run } = terminalAt('http://127.0.0.1:9')
      expect(await run(...args)).toBe(2)
      expect(lines).toEqual([])
      expect(notes).toHaveLength(1)
      expect(notes[0]).toMatch(/^bidwarden: .*try --help$/)
    },
  )
})

it.each([
  [['bids', '--limit', 'x'], '--limit must be a whole number'],
  [['conversions', 'dead-letters', '--limit', '1.5'], '--limit must be a whole number'],
  [['audit', '--organisation', '-1'], '--organisation must be a whole number'],
  [['start', '--workers', 'many'], '--workers must be a whole number'],
  [['audit', '--from', 'yesterday'], '--from must be a time with its zone, as in 2026-11-01T00:00:00Z'],
  [
    ['ledger', 'export', '--to', '2026-11-01'],
    '--to must be a time with its zone, as in 2026-11-01T00:00:00Z',
  ],
])('a value that cannot be one is refused without asking the service: %s', async (command, said) => {
  const { notes, run } = terminalAt('http://127.0.0.1:9')
  expect(await run(...command)).toBe(2)
  expect(notes).toEqual([`bidwarden: ${said}`])
})

it('version says its own, and that of the service', async () => {
  const { lines, run } = await service()
  expect(await run('version')).toBe(0)
  expect(lines).toEqual([
    `command 0.2.0, Node ${process.versions.node}`,
    expect.stringMatching(/^service 0\.2\.0, Node \d+\.\d+\.\d+, mock mode, up \d+ s/),
  ])
  expect(await run('version', '--json')).toBe(0)
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    command: { version: '0.2.0' },
    service: { version: '0.2.0', mode: 'mock' },
  })
})

describe('a command that goes wrong', () => {
  it('names the address where no service answers', async () => {
    const port = await freePort()
    const { notes, run } = terminalAt(`http://127.0.0.1:${port}`)
    expect(await run('budgets')).toBe(1)
    expect(notes).toEqual([
      expect.stringMatching(new RegExp(`^bidwarden: .*127.0.0.1:${port}.*BIDWARDEN_URL`)),
    ])
  })

  it('says that something else listens there', async () => {
    const server = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const { notes, run } = terminalAt(`http://127.0.0.1:${Object(address).port}`)
    expect(await run('platforms')).toBe(1)
    expect(notes).toEqual([expect.stringContaining('is it Bidwarden')])
  })

  it('says what the service says, and what was asked', async () => {
    const { notes, run, service: at } = await service()
    expect(await run('budgets', 'nowhere')).toBe(1)
    expect(notes).toEqual([
      `bidwarden: There is no budget for nowhere (GET ${at.url}/v1/budgets/nowhere was answered 404)`,
    ])
  })

  it('asks for a key where one is needed, and sends none over an open line', async () => {
    const harness = await startHarness({ API_KEYS: `ops:admin:${hashKey('bw_secret').toString('hex')}` })
    const without = terminalAt(harness.service.url)
    expect(await without.run('bids')).toBe(1)
    expect(without.notes).toEqual([expect.stringContaining('BIDWARDEN_KEY')])
    expect(await terminalAt(harness.service.url, {}, { apiKey: 'bw_secret' }).run('bids')).toBe(0)
    const open = terminalAt('http://bidwarden.example', {}, { apiKey: 'bw_secret' })
    expect(await open.run('bids')).toBe(1)
    expect(open.notes).toEqual([expect.stringContaining('https')])
  })

  it('shows nothing that moves the cursor, breaks the line or turns its direction', async () => {
    const { lines, notes, run, bid } = await service()
    expect(await run('budgets', '\u001b[2Jx')).toBe(1)
    await bid({ customerId: 'a\u202egnp.\u2066exe\u2028b\u0085c' })
    expect(await run('bids')).toBe(0)
    expect(await run('kill', '--reason', 'a\u202eb\u2029c')).toBe(0)
    expect(await run('audit')).toBe(0)
    expect(lines.join('')).toContain('a b c')
    expect([...lines, ...notes].join('')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
  })
})

describe('commands about bids', () => {
  it('list bids, show one whole, and say JSON where it is asked for', async () => {
    const { lines, run, bid } = await service()
    expect(await run('bids')).toBe(0)
    expect(lines).toEqual(['there are no bids yet'])
    const { body } = await bid()
    await run('bids', '--platform', 'google_ads', '--limit', '5')
    expect(lines[1]).toMatch(/^bid +time +platform +campaign +status +amount/)
    expect(lines[2]).toContain(body.bidId)
    expect(lines[2]).toContain('100 USD')
    await run('bids', '--json')
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ bids: [{ bidId: body.bidId }] })
    await run('bids', body.bidId)
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ bidId: body.bidId, status: 'placed' })
  })

  it('show budgets, pause and resume one, with the reason', async () => {
    const { lines, run, bid } = await service()
    await bid()
    expect(await run('budgets')).toBe(0)
    expect(lines.find((line) => line.startsWith('platform:google_ads'))).toMatch(
      /500 in any 600 s +USD +100 +0 +400 +20 % +open/,
    )
    expect(await run('pause', 'platform:google_ads', '--reason', 'a look at it')).toBe(0)
    expect(lines.at(-1)).toContain('paused: a look at it')
    expect((await bid()).body.code).toBe('paused')
    expect(await run('resume', 'platform:google_ads')).toBe(0)
    expect((await bid()).status).toBe(200)
  })

  it('change one limit of a budget and keep what else it has', async () => {
    const { lines, notes, run, get, send } = await service()
    const limitsOf = async (scope: string) => {
      const { limits, holdMode } = (await get(`/v1/budgets/${scope}`)).body
      return [...limits.map(({ max }: { max: number }) => max), holdMode.is]
    }
    expect(await run('limit', 'platform:meta', '99.5', '--reason', 'a slow week')).toBe(0)
    expect(lines.at(-1)).toMatch(/^platform:meta +99.5 in any 600 s +USD/)
    expect(await run('limit', 'platform:meta', '900', '--day', 'Europe/Berlin')).toBe(0)
    expect(await run('limit', 'platform:meta', '7000', '--total')).toBe(0)
    expect(await run('limit', 'platform:meta', '50', '--window', '10m')).toBe(0)
    expect((await limitsOf('platform:meta')).sort()).toEqual([50, 7000, 900, 'strict'])
    await send('PUT', '/v1/budgets/platform:openrtb', {
      limits: [{ kind: 'lifetime', max: 9 }],
      holdMode: { is: 'strict' },
    })
    expect(await run('limit', 'platform:openrtb', '8')).toBe(0)
    expect(await limitsOf('platform:openrtb')).toEqual([8, 'strict'])
    expect(await run('limit', 'campaign:meta:new', '20', '--window', '24h', '--json')).toBe(0)
    expect(JSON.parse(lines.at(-1) ?? '').limits).toMatchObject([{ windowSeconds: 86_400, max: 20 }])

    for (const wrong of [
      ['platform:meta', '5'],
      ['campaign:meta:other', '5'],
      ['platform:meta', 'much', '--total'],
      ['platform:meta', '5', '--window', '10'],
      ['platform:meta', '5', '--window', '10m', '--total'],
    ])
      expect(await run('limit', ...wrong)).toBe(2)
    expect(notes).toHaveLength(5)
    expect(notes[0]).toContain('has more than one: say which one is meant')
    expect(await run('limit', 'foo', '5', '--total')).toBe(1)
    expect(notes.at(-1)).toMatch(/^bidwarden: scope: must be one of global, platform:google_ads,[^(]*$/)
    expect((await limitsOf('platform:meta')).sort()).toEqual([50, 7000, 900, 'strict'])
  })

  it('stop every bid and let them through again', async () => {
    const { lines, run, bid } = await service()
    await bid()
    expect(await run('kill', '--reason', 'fire', '--pause-campaigns')).toBe(0)
    expect(lines.join('\n')).toMatch(/every bid is refused since .*: fire\ngoogle_ads c1: paused/)
    expect((await bid()).body.code).toBe('paused')
    expect(await run('kill', '--status', '--json')).toBe(0)
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ engaged: true, reason: 'fire' })
    expect(await run('kill', '--release')).toBe(0)
    expect(lines.at(-1)).toBe('bids go through')
    expect(await run('platforms')).toBe(0)
    expect(lines.at(-3)).toMatch(/^google_ads +mock +USD +ok +closed/)
  })

  it('say who has changed what', async () => {
    const { lines, run } = await service()
    expect(await run('audit')).toBe(0)
    expect(lines.at(-1)).toBe('nothing was changed yet')
    expect(await run('audit', '--target', 'foo')).toBe(0)
    expect(lines.at(-1)).toBe('nothing was changed at foo')
    expect(await run('audit', '--target', 'foo', '--caller', 'me')).toBe(0)
    expect(lines.at(-1)).toBe('nothing that was changed fits')
    await run('pause', 'platform:meta', '--reason', 'a look at it')
    await run('resume', 'platform:meta', '--reason', 'looked')
    expect(await run('audit', '--action', 'budget.resumed')).toBe(0)
    expect(lines.at(-1)).toMatch(
      /^2026-\S+ +local +budget.resumed +platform:meta +\{"paused":true,"reason":"a look at it"\} +\{"paused":false\} +looked +done$/,
    )
    expect(await run('audit', '--json', '--limit', '1')).toBe(0)
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ entries: [{ action: 'budget.resumed' }], next: 2 })
  })

  it('list notifications that were not taken, and send one again', async () => {
    const receiver = await startReceiver()
    receiver.react({ status: 500 })
    const environment = { NOTIFY_URL: receiver.url, NOTIFY_SECRET, NOTIFY_EVENTS: 'kill_switch_changed' }
    const harness = await service(environment)
    const { lines, notes, run } = harness
    expect(await run('notifications', 'list')).toBe(0)
    expect(lines.at(-1)).toBe('nobody was told of anything yet')
    await run('kill', '--reason', 'fire')
    for (let tries = 1; tries <= 9; tries++) await told(harness, receiver, tries)
    expect(await run('notifications', 'list', '--status', 'dead')).toBe(0)
    expect(lines.at(-1)).toMatch(/kill_switch_changed +global +dead +9 +answered 500$/)
    receiver.react({ status: 200 })
    expect(await run('notifications', 'replay')).toBe(1)
    expect(notes.at(-1)).toContain('--dead')
    expect(await run('notifications', 'replay', '--dead')).toBe(0)
    expect(lines.at(-1)).toMatch(/waiting +0/)
    await told(harness, receiver, 10)
    expect(await run('notifications', 'replay', '--dead', '--json')).toBe(0)
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ notifications: [] })
  })

  it('fit the screen and cut nothing off', async () => {
    const harness = await service()
    const { body } = await harness.bid({ campaignId: 'a-campaign-with-a-rather-long-name-0001' })
    const narrow = terminalAt(harness.service.url, {}, { width: 80 })
    expect(await narrow.run('bids')).toBe(0)
    for (const line of narrow.lines) expect(line.length).toBeLessThanOrEqual(80)
    const column = (from: string) => narrow.lines.filter((line) => line.includes(from)).length
    expect(column(String(body.bidId).slice(0, 8))).toBe(1)
    const whole = narrow.lines.map((line) => line.replaceAll(/\s+/g, '')).join('')
    for (const part of ['a-campai', '-0001']) expect(whole).toContain(part)
  })
})

it('keys create, list and revoke: a key is shown once, and ends when it is revoked', async () => {
  const { lines, run, get } = await service()
  expect(await run('keys', 'list')).toBe(0)
  expect(lines.splice(0)).toEqual(['there are no API keys'])
  expect(await run('keys', 'create', 'ml', 'bid+read', '--expires', '2100-01-01T00:00:00Z')).toBe(0)
  const [shown = '', ...table] = lines.splice(0)
  expect(shown).toMatch(/^key \(shown once\): bw_[\w-]{43}$/)
  expect(table.join('\n')).toMatch(/ml +valid +api +bid\+read +local +2100-01-01/)
  const asks = async () =>
    (await get('/v1/session', { authorization: `Bearer ${shown.slice(18)}` })).body.name
  expect(await asks()).toBe('ml')
  expect(await run('keys', 'list')).toBe(0)
  expect(lines.splice(0).join('\n')).not.toContain(shown.slice(18))
  expect(await run('keys', 'revoke', 'ml', '--reason', 'lost')).toBe(0)
  expect(lines.join('\n')).toMatch(/ml +revoked/)
  expect(await asks()).toBeUndefined()
  expect(await run('keys', 'revoke', 'ml')).toBe(1)

  lines.splice(0)
  expect(await run('keys', 'create', 'paid', 'bid', '--budget', '20')).toBe(2)
  expect(await run('keys', 'create', 'paid', 'bid', '--total')).toBe(2)
  expect(await run('keys', 'create', 'paid', 'bid', '--budget', '20', '--window', '10m')).toBe(0)
  expect(lines.join('\n')).toMatch(/paid .* key:paid /)
  expect((await get('/v1/budgets/key:paid')).body.limits).toMatchObject([{ windowSeconds: 600, max: 20 }])
})

describe('commands about the ledger and keys', () => {
  it('print every entry of the ledger', async () => {
    const { lines, run, service: at } = await service({ STORE: 'sqlite' })
    await fetch(`${at.url}/v1/budgets/global/pause`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    expect(await run('ledger', 'export', '--scope', 'global')).toBe(0)
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(JSON.parse(line)).toBeTypeOf('object')
  })

  it('make a key with the entry that accepts it, and no other', async () => {
    const { lines, notes, run } = terminalAt('http://127.0.0.1:9')
    expect(await run('keys', 'new', 'ml@7', 'bid+read')).toBe(0)
    const key = /bw_\S+/.exec(lines[0] ?? '')?.[0] ?? ''
    expect(lines[1]).toBe(`API_KEYS entry:   ml@7:bid+read:${hashKey(key).toString('hex')}`)
    expect(await run('keys', 'new', '--help')).toBe(0)
    for (const scope of KEY_SCOPES) expect(lines.at(-1)).toContain(scope)
    expect(await run('keys', 'new', 'ml', 'fly')).toBe(1)
    expect(await run('keys', 'new', 'm l', 'bid')).toBe(1)
    expect(notes).toEqual([expect.stringContaining('no scope fly'), expect.stringContaining('name')])
  })
})

it('the key that the start asks for is made by what it says', async () => {
  const asked = (() => {
    try {
      return String(parseConfig({ HOST: '0.0.0.0' }))
    } catch (error) {
      return messageOf(error)
    }
  })()
  const [, name = '', scopes = ''] = /API_KEYS: .*npm run -s key -- (\S+) (\S+) makes one/.exec(asked) ?? []
  const { lines, run } = terminalAt('http://127.0.0.1:9')
  expect(await run('keys', 'new', name, scopes)).toBe(0)
  const [, entry = ''] = /API_KEYS entry: +(\S+)/.exec(lines[1] ?? '') ?? []
  expect(parseConfig({ HOST: '0.0.0.0', API_KEYS: entry }).apiKeys).toHaveLength(1)
})

describe('commands about connections', () => {
  it('list connections, read a report and wait for it', async () => {
    const reads = await startReads()
    const { lines, notes, run } = terminalAt(reads.service.url)
    const id = await reads.connect({ settings: { reports: ['performance'] } })
    reads.platform.rows = [{ date: '2026-11-01', id: 'a', clicks: 1 }]
    expect(await run('connectors', 'list')).toBe(0)
    expect(lines.at(-1)).toMatch(new RegExp(`^${id} +DV360 +acc-1 +connected +never`))
    const asked = ['connectors', 'fetch', id, 'performance', '--start', '2026-11-01']
    expect(await run(...asked, '--watch')).toBe(0)
    expect(notes[0]).toMatch(/^request \S+, place 1 of the queue, about \d+ s to wait$/)
    expect(lines.at(-1)).toMatch(/^completed: 1 rows, \d+ bytes, file:/)
    expect(await run(...asked, '--watch', '--json')).toBe(0)
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ status: 'completed', progress: 100 })
    expect(await run('connectors', 'sync', id, '--watch')).toBe(0)
    expect(lines.at(-1)).toMatch(/^completed: \d+ rows/)
    expect(await run('connectors', 'test', id)).toBe(0)
    // A reading that brings nothing any more says so, in the terminal too.
    reads.platform.rows = []
    expect(await run(...asked, '--watch', '--fresh')).toBe(0)
    const nothing = 'the platform answered with no rows where there were some before; those are kept'
    expect(lines.at(-1)).toBe(`caveat: ${nothing}`)
    expect(await run('connectors', 'sync', id, '--watch')).toBe(0)
    expect(lines.at(-1)).toBe(`caveat: performance: ${nothing}`)
    expect(await run('connectors', 'disconnect', id, '--reason', 'moved away')).toBe(0)
    expect(lines.at(-1)).toBe(`${id} disconnected`)
    const key = ['--api-key', 'sandbox-ttd-auth', '--reason', 'moved here']
    expect(await run('connectors', 'connect', 'TTD', ...key)).toBe(0)
    expect((await reads.get('/v1/audit?limit=2')).body.entries).toMatchObject([
      { action: 'connector.connected', reason: 'moved here' },
      { action: 'connector.disconnected', reason: 'moved away' },
    ])
  })

  it('list platforms, reports and fields', async () => {
    const { lines, notes, run } = await service()
    expect(await run('connectors', 'types')).toBe(0)
    expect(lines.join('\n')).toMatch(/DV360 +a browser +campaigns, /)
    expect(await run('connectors', 'reports', 'DV360')).toBe(0)
    expect(lines.join('\n')).toMatch(
      /campaign_performance \(needs --start\)[\s\S]* {2}spend +yes +cost_micros/,
    )
    expect(await run('connectors', 'reports', 'DV360', 'performance')).toBe(1)
    expect(notes.at(-1)).toMatch(/no report performance; there are .*campaign_performance/)
  })

  it.each([[], ['--callback', 'http://localhost:PORT/back']])(
    'listen for the browser and finish the connection %j',
    async (...callback) => {
      const { lines, notes, run } = await service()
      const port = await freePort()
      const words = callback.map((word) => word.replace('PORT', String(port)))
      const connecting = run('connectors', 'connect', 'DV360', '--account', '78', ...words)
      await expect.poll(() => notes.length).toBe(2)
      const page = await fetch(/^Open (\S+)$/.exec(notes[0] ?? '')?.[1] ?? '')
      expect(await page.text()).toContain('close this window')
      expect(await connecting).toBe(0)
      expect(lines).toEqual([expect.stringMatching(/^[0-9a-f-]{36} connected$/)])
    },
  )

  it('answer other callers of the listener with nothing, and say when the person refused', async () => {
    const { notes, run } = await service()
    const connecting = run('connectors', 'connect', 'DV360')
    await expect.poll(() => notes.length).toBe(2)
    const authorize = new URL(/^Open (\S+)$/.exec(notes[0] ?? '')?.[1] ?? '')
    const back = new URL(authorize.searchParams.get('redirect_uri') ?? '')
    back.search = '?code=stolen&state=guessed'
    expect((await fetch(back)).status).toBe(404)
    back.search = `?error=access_denied&state=${authorize.searchParams.get('state')}`
    expect((await fetch(back)).status).toBe(400)
    expect(await connecting).toBe(1)
    expect(notes.at(-1)).toBe('bidwarden: the platform did not connect the account: access_denied')
  })

  it('connect with a key, and refuse a callback on another machine', async () => {
    const harness = await service()
    const { lines, notes, run } = harness
    const key = harness.sandbox.credentials.tradedesk.apiKey
    expect(await run('connectors', 'connect', 'TTD', '--api-key', key, '--json')).toBe(0)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'TTD', status: 'connected' })
    expect(await run('connectors', 'connect', 'TTD')).toBe(1)
    expect(notes.at(-1)).toMatch(/^bidwarden: TTD is connected with an API key: add --api-key <key>/)
    expect(await run('connectors', 'connect', 'DV360', '--callback', 'https://elsewhere.example/')).toBe(1)
    expect(notes.at(-1)).toContain('this machine')
    expect(await run('connectors', 'connect', 'DV360', '--setting', 'reports=["nothing"]')).toBe(1)
    expect(notes.at(-1)).toContain('no report nothing')
  })
})

describe('commands about conversions', () => {
  const sale = (event_id: string, more: object = {}) => ({
    ...{ event_id, event_name: 'purchase', event_time: '2026-11-20T11:00:00Z', action_source: 'website' },
    ...{ event_source_url: 'https://shop.example/thanks', platforms: ['meta', 'tiktok'] },
    user_data: { email: 'ann@x.example', client_user_agent: 'Mozilla/5.0' },
    custom_data: { value: 49.9, currency: 'USD' },
    ...more,
  })
  const typed = (...events: unknown[]) => ({
    async *input() {
      yield Buffer.from(events.map((one) => JSON.stringify(one)).join('\n'))
    },
  })

  it('preview, send and watch events, find one that a platform refused, and send it again', async () => {
    const harness = await service()
    const { service: at, sandbox, clock } = harness
    // Events that come together are gathered for a moment.
    const passing = setInterval(() => clock.advance(50), 5)
    onTestFinished(() => clearInterval(passing))
    const file = join(folder(), 'events.json')
    writeFileSync(
      file,
      JSON.stringify({ events: [sale('a'), sale('poison'), sale('old', { event_time: 0 })] }),
    )
    const { lines, notes, run } = terminalAt(at.url, {}, { width: 100 })
    const json = () => JSON.parse(lines.at(-1) ?? '')

    expect(await run('conversions', 'preview', file, '--platforms', 'meta', '--compare-to', '0')).toBe(0)
    expect(lines[0]).toMatch(/^a to meta: POST http\S+\/events$/)
    expect(lines.at(-1)).toMatch(/^old to meta would not be sent: event_time is older than meta takes/)
    expect(await run('conversions', 'preview', file, '--mapping', 'one')).toBe(1)
    expect(notes.at(-1)).toBe('bidwarden: one is no version: it is a whole number, as in 3')
    expect(sandbox.conversions.counts().meta_conversions.counted).toBe(0)

    sandbox.conversions.refuse('tiktok_conversions', 'poison', false)
    lines.length = 0
    expect(await run('conversions', 'send', file)).toBe(1)
    expect(lines[0]).toBe('2 accepted, 0 duplicate, 1 rejected')
    expect(lines.join('\n')).toMatch(/^event +status +why +refused by\nold +rejected +event_time is older/m)
    expect(notes.at(-1)).toBe('bidwarden: 1 of 3 events were rejected')
    expect(await run('conversions', 'send', file, '--json')).toBe(1)
    expect(json()).toMatchObject({ results: [{ status: 'duplicate' }, {}, { status: 'rejected' }] })

    expect(await run('conversions', 'status', 'a', '--watch')).toBe(0)
    expect(lines.slice(-2).join()).toMatch(
      /a +purchase +meta +acknowledged +1.*a +purchase +tiktok +acknowledged/,
    )
    expect(await run('conversions', 'status', 'poison', '--watch')).toBe(1)
    expect(notes.at(-1)).toBe('bidwarden: 1 of 2 deliveries were given up')
    expect(await run('conversions', 'status', 'nothing')).toBe(1)
    expect(notes.at(-1)).toContain('/api/v1/conversions/messages/{message_id}')
    expect(await run('conversions', 'dead-letters', '--platform', 'tiktok')).toBe(0)
    expect(lines.at(-1)).toMatch(/^poison +purchase +tiktok +\d +2026\S+ +40002/)
    expect(await run('conversions', 'health')).toBe(0)
    expect(lines.find((line) => line.startsWith('meta'))).toMatch(/^meta +healthy +closed +2 +0 +\d+$/)
    expect(await run('conversions', 'health', '--json')).toBe(0)
    expect(json().connectors.map(({ platform }: { platform: string }) => platform)).toContain('snapchat')

    sandbox.conversions.refuseNothing()
    for (const args of [[], ['poison', '--all']]) expect(await run('conversions', 'replay', ...args)).toBe(1)
    expect(notes.slice(-2)).toEqual([
      'bidwarden: name events, or say --all',
      'bidwarden: name events or say --all, not both',
    ])
    expect(await run('conversions', 'replay', '--all', '--reason', 'mended', '--platform', 'tiktok')).toBe(0)
    expect(lines.at(-1)).toMatch(/^poison +purchase +tiktok +sent again$/)
    expect(await run('conversions', 'status', 'poison', '--watch', '--json')).toBe(0)
    expect(json().events[0].deliveries).toHaveLength(2)
    expect(await run('conversions', 'replay', 'poison')).toBe(1)
    expect(lines.at(-1)).toMatch(/^poison +purchase +tiktok +not_dead +the platform has it$/)
    expect(notes.at(-1)).toBe('bidwarden: nothing was sent again')
    expect(await run('conversions', 'replay', '--all')).toBe(0)
    expect(lines.at(-1)).toBe('none was given up')
    expect(await run('audit', '--action', 'conversions.replayed', '--limit', '3')).toBe(0)
    expect(lines.join(' ')).toMatch(/mended/)
    expect(lines.join(' ')).toMatch(/conversions\.replaye +poison/)
    for (const line of [...lines, ...notes]) expect(line).not.toContain('ann@x.example')
  })

  it('read events from standard input, a list or one a line, and say in one line what they cannot read', async () => {
    const { service: at } = await service()
    const marked = (encoding: BufferEncoding) => ({
      async *input() {
        yield Buffer.from(`\ufeff${JSON.stringify(sale(encoding))}`, encoding)
      },
    })
    const inputs = [
      ...[typed([sale('a'), sale('b')]), typed(sale('a'), sale('c')), typed(sale('d'))],
      // As Windows writes files.
      ...[marked('utf8'), marked('utf16le')],
    ]
    for (const [index, input] of inputs.entries()) {
      const { lines, run } = terminalAt(at.url, {}, input)
      expect(await run('conversions', 'send', '-')).toBe(0)
      const counts = ['2 accepted, 0', '1 accepted, 1'][index] ?? '1 accepted, 0'
      expect(lines[0]).toBe(`${counts} duplicate, 0 rejected`)
    }
    const half = typed(sale('e'))
    const bad: [string, object, RegExp][] = [
      ['-', typed(), /standard input has no events$/],
      [
        '-',
        {
          async *input() {
            yield Buffer.from('{"event_id":"e"}\n{"email":"ann@x.example"')
          },
        },
        /standard input has no JSON in line 2$/,
      ],
      [
        '-',
        {
          async *input() {
            yield Buffer.from('{"event_id":"e","value":1,"value":2}')
          },
        },
        /standard input has a member twice in one object/,
      ],
      ['/nowhere', half, /\/nowhere cannot be read$/],
      [
        '-',
        {
          async *input() {
            for (;;) yield Buffer.alloc(16 * 1024 * 1024, 32)
          },
        },
        /longer than 64 MiB: send it in parts$/,
      ],
    ]
    for (const [file, input, message] of bad) {
      const { lines, notes, run } = terminalAt(at.url, {}, input)
      expect(await run('conversions', 'send', file)).toBe(1)
      expect([lines, notes]).toEqual([[], [expect.stringMatching(message)]])
    }
  })

  it('send messages of WhatsApp, once each, and say what became of them and which were rejected', async () => {
    const { service: at } = await service()
    const message = (message_id: string, to = '+1 202 555 0143') => ({
      ...{ message_id, to },
      template: {
        ...{ name: 'order_confirmation', language: 'en_US' },
        components: [
          { type: 'body', parameters: ['Jane', '49.90 USD'].map((text) => ({ type: 'text', text })) },
        ],
      },
      consent: { messaging: 'granted' },
    })
    const { lines, notes, run } = terminalAt(
      at.url,
      {},
      typed(message('m1'), message('m2', '+1 555'), message('m1')),
    )
    expect(await run('messages', 'send', '-')).toBe(1)
    expect(lines[1]).toMatch(/^m1 +accepted +pending/)
    expect(lines[2]).toMatch(/^m2 +rejected +to: /)
    expect(lines[3]).toMatch(/^m1 +duplicate/)
    expect(notes).toEqual(['bidwarden: 1 of 3 messages were rejected'])
    expect(await run('messages', 'status', 'm1', '--watch')).toBe(0)
    expect(lines.at(-1)).toMatch(/^m1 +order_confirmation +(accepted|sent|delivered|read) +1 /)
    expect(await run('messages', 'list', '--json')).toBe(0)
    expect(JSON.parse(lines.at(-1) ?? '').messages).toMatchObject([{ message_id: 'm1' }])
    expect(await run('messages', 'list', '--state', 'lost')).toBe(1)
    expect(notes.at(-1)).toMatch(/^bidwarden: state: must be one of pending, /)
    expect(await run('messages', 'status', 'm2')).toBe(1)
    for (const line of [...lines, ...notes]) expect(line).not.toContain('0143')
  })

  it('send many events in several requests, and wait where the service asks for it', async () => {
    const sent: number[] = []
    const server = createServer(async (request, response) => {
      const { events } = JSON.parse(await text(request))
      sent.push(events.length)
      if (sent.length === 2)
        return response.writeHead(429, { 'retry-after': '0' }).end('{"detail":"slow down"}')
      if (sent.length === 4) return response.writeHead(503).end('{"detail":"the database is away"}')
      return response.end(JSON.stringify({ results: events.map(() => ({ status: 'accepted' })) }))
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `http://127.0.0.1:${Object(server.address()).port}`
    const many = Array.from({ length: 1_500 }, (_, at) => sale(`e${at}`))
    const long = { ...sale('long'), more: 'x'.repeat(3 * 1024 * 1024) }
    const { notes, run } = terminalAt(url, {}, typed([...many, long, long]))
    expect(await run('conversions', 'send', '-')).toBe(1)
    expect(sent).toEqual([1_000, 501, 501, 1])
    expect(notes).toEqual([
      'after 1000 events the service is asked again in 0 s',
      '1501 events were sent; what is sent again does no harm',
      expect.stringMatching(/^bidwarden: the database is away \(POST .* was answered 503\)$/),
    ])
  })
})

it('set, list and end schedules; list and change campaigns; make and delete templates', async () => {
  const reads = await startPlayedReads()
  onTestFinished(() => reads.service.stop())
  const { lines, notes, run } = terminalAt(reads.service.url)
  const ads = (await reads.connect('META')).body.connector_id
  expect(await run('schedules', 'list')).toBe(0)
  expect(await run('schedules', 'set', ads, '0 6 * * *', '--timezone', 'Europe/Berlin')).toBe(0)
  expect(await run('schedules', 'list')).toBe(0)
  expect(lines).toEqual([
    'nothing is read by itself yet',
    `${ads} is read next at 2026-11-21T05:00:00.000Z`,
    expect.stringMatching(/connection +cron +timezone +next/),
    expect.stringMatching(new RegExp(`${ads} +0 6 \\* \\* \\* +Europe/Berlin +2026-11-21T05:00`)),
  ])
  expect((await reads.get(`/api/v1/connectors/${ads}/schedule`)).body).toMatchObject({ cron: '0 6 * * *' })
  expect(await run('schedules', 'end', ads)).toBe(0)
  expect((await reads.get(`/api/v1/connectors/${ads}/schedule`)).body).toEqual({
    connector_id: ads,
    cron: null,
  })

  await reads.fetched(ads, { report_type: 'campaigns' })
  lines.length = 0
  expect(await run('campaigns', 'list', ads, '--json')).toBe(0)
  const [first] = JSON.parse(lines.join('')).campaigns
  expect(await run('campaigns', 'change', ads, first.id, '--status', 'paused', '--reason', 'test')).toBe(0)
  expect(lines.at(-1)).toBe(first.id)

  const { body: mail } = await reads.send('POST', '/api/v1/connectors', {
    connector_type: 'RESEND',
    api_key: RESEND_KEYS.full,
  })
  const html = fileURLToPath(new URL('../../package.json', import.meta.url))
  reads.clock.advance(2_000)
  expect(await run('templates', 'create', mail.id, '--name', 'One', '--html', html)).toBe(0)
  const template = lines.at(-1) ?? ''
  reads.clock.advance(2_000)
  expect(await run('templates', 'publish', mail.id, template)).toBe(0)
  reads.clock.advance(2_000)
  expect(await run('templates', 'delete', mail.id, template)).toBe(0)
  reads.clock.advance(2_000)
  expect(await run('templates', 'create', mail.id, '--name', 'One', '--html', '/nowhere')).toBe(1)
  expect(notes.at(-1)).toContain('/nowhere cannot be read')
})
