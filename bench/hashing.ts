import { createHash, hash } from 'node:crypto'
import { conversionConnectors, type UserData } from '../src/connectors/index.ts'
import { median } from './measure.ts'

// One core: everything here is synchronous. The peer hashes the same number of values of the same lengths, ready made, and nothing else.

const EVENTS = 5_000
const ROUNDS = 60
const WARM_UP = 20

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
/** A name of its own for each number. */
function nameOf(number: number): string {
  let [name, left] = ['', number + 1_000]
  for (; left > 0; left = Math.floor(left / LETTERS.length)) name += LETTERS[left % LETTERS.length]
  return name
}
/**
 * One of so many names, by Zipf's law, as names and cities come: half of the people share the most usual ones, the others have rare ones.
 * The same event has the same name in each run.
 */
function drawn(event: number, salt: number, names: number): string {
  const chance = (Math.imul(event * 2_654_435_761 + salt, 40_503) >>> 0) / 2 ** 32
  return nameOf(Math.floor(names ** chance))
}

/** People as shops know them: in four kinds of spelling, none of which a platform takes as it is. */
function people(count: number): UserData[] {
  const make = [
    (i: number) => ({
      email: ` Mary.Major${i}@Gmail.com`,
      phone: `+1 (650) 555-${1000 + (i % 9000)}`,
      country: 'US',
    }),
    (i: number) => ({
      email: `JOHN-${i}@Example.COM`,
      phone: `+44 20 7946 0${100 + (i % 900)}`,
      country: 'GB',
    }),
    (i: number) => ({
      email: `josé.nuñez${i}@example.es`,
      phone: `+346${10_000_000 + (i % 80_000_000)}`,
      country: 'ES',
    }),
    (i: number) => ({ email: `anna${i}@example.org`, phone: `+1415555${1000 + (i % 9000)}`, country: 'US' }),
  ]
  return Array.from({ length: count }, (_, i) => ({
    ...make[i % make.length]?.(i),
    first_name: `${i % 4 === 2 ? 'José' : 'Ann'}-${drawn(i, 1, 5_000)}`,
    last_name: `${i % 4 === 2 ? 'Núñez' : "O'"}${drawn(i, 2, 100_000)}`,
    city: `San ${drawn(i, 3, 20_000)}`,
    state: 'CA',
    zip: `${10_000 + (i % 80_000)}-1234`,
    external_id: `customer-${i}`,
    client_ip_address: '203.0.113.9',
    client_user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
    fbc: `fb.1.1795800000000.IwAR${i}`,
  }))
}

const NATIONAL = people(EVENTS).map((person, i) => ({ ...person, phone: `(650) 555-${1000 + (i % 9000)}` }))
const HASH = /^[0-9a-f]{64}$/

function compare(title: string, platform: keyof typeof conversionConnectors, users: readonly UserData[]) {
  const { identifiers } = conversionConnectors[platform]
  const [first] = users
  const hashes = Object.values(identifiers(first ?? {}, 'US')).filter((value) =>
    HASH.test(String(value)),
  ).length
  const ready = users.map((user, i) =>
    [
      user.email,
      user.phone,
      user.first_name,
      user.last_name,
      user.city,
      user.zip,
      user.state,
      `${user.external_id}${i}`,
    ]
      .slice(0, hashes)
      .map((text) => String(text)),
  )
  while (ready[0] && ready[0].length < hashes) for (const row of ready) row.push('us')
  const ours = () => {
    for (const user of users) identifiers(user, 'US')
  }
  const alone = () => {
    for (const row of ready) for (const text of row) hash('sha256', text, 'hex')
  }
  const digests = () => {
    for (const row of ready) for (const text of row) createHash('sha256').update(text).digest('hex')
  }
  const [toAlone, toDigests] = [against(ours, alone), against(ours, digests)]
  const cells = [title, hashes, Math.round((EVENTS / toAlone.ms) * 1_000)]
  process.stdout.write(
    `| ${[...cells, toAlone.ratio.toFixed(2), toDigests.ratio.toFixed(2)].join(' | ')} |\n`,
  )
}

/**
 * Short rounds of both in turn, so that a busy host slows them alike. One peer after the other: what createHash leaves to be collected would
 * be counted as ours, in the comparison with crypto.hash as well.
 */
function against(ours: () => void, peer: () => void) {
  const rounds = Array.from({ length: ROUNDS }, () => ({ ms: processorMs(ours), peerMs: processorMs(peer) }))
  const counted = rounds.slice(WARM_UP)
  return {
    ms: median(counted.map(({ ms }) => ms)),
    ratio: median(counted.map(({ ms, peerMs }) => peerMs / ms)),
  }
}

/** Processor time of this process, in milliseconds. */
function processorMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

process.stdout.write(
  '| case | hashes an event | events/s | of crypto.hash alone | of createHash alone |\n|---|---|---|---|---|\n',
)
for (const platform of ['meta', 'google', 'tiktok', 'snapchat'] as const)
  compare(platform, platform, people(EVENTS))
compare('meta, phone numbers without a country code', 'meta', NATIONAL)
