import { Cron } from 'croner'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { isTimeZone } from './time-zone.ts'

const NEW_NAMES = [
  'Asia/Kolkata',
  'Europe/Kyiv',
  'Asia/Kathmandu',
  'Asia/Ho_Chi_Minh',
  'Asia/Yangon',
  'America/Nuuk',
]
const OLD_NAMES = [
  'Asia/Calcutta',
  'Europe/Kiev',
  'US/Pacific',
  'America/Argentina/Buenos_Aires',
  'America/Buenos_Aires',
]
const FIXED = ['UTC', 'GMT', 'Etc/UTC', 'Etc/GMT+5', 'EST5EDT', 'CET', '+05:30', '-03:00', 'Zulu']

describe('a time zone', () => {
  it.each([...NEW_NAMES, ...OLD_NAMES, ...FIXED, ...Intl.supportedValuesOf('timeZone')])(
    'may be %s',
    (name) => {
      expect(isTimeZone(name)).toBe(true)
    },
  )

  it.each([
    '',
    'Mars/Olympus',
    'CET+1h',
    'local',
    'system',
    'Europe',
    'GMT+2',
    'Europe/Berlin ',
    'x'.repeat(65),
  ])('may not be %j', (name) => {
    expect(isTimeZone(name)).toBe(false)
  })

  it('gives everybody who counts in it the same midnight', () => {
    const nowMs = Date.UTC(2026, 6, 15, 12)
    const wrong = [...NEW_NAMES, ...OLD_NAMES, ...FIXED].filter((timeZone) => {
      const midnightMs = DateTime.fromMillis(nowMs, { zone: timeZone })
        .plus({ days: 1 })
        .startOf('day')
        .toMillis()
      const runMs = new Cron('0 0 * * *', { timezone: timeZone, paused: true })
        .nextRun(new Date(nowMs))
        ?.getTime()
      const shown = new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'medium' }).format(midnightMs)
      return shown !== '00:00:00' || runMs !== midnightMs
    })
    expect(wrong).toEqual([])
  })
})
