import { describe, expect, it } from 'vitest'
import { playAnswers, playCases } from '../reading/cases.test-support.ts'
import { createTradeDesk } from './tradedesk.ts'

const connector = createTradeDesk()

describe('the Trade Desk connector for reading', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)

  it.each([
    ['https://api.thetradedesk.com/v3/campaign', true],
    ['https://desk.thetradedesk.com/file', true],
    ['https://thetradedesk.com.evil.example/file', false],
    ['https://evil.example/api.thetradedesk.com/', false],
    ['https://api.thetradedesk.com.evil.example/v3/campaign', false],
    ['http://desk.thetradedesk.com/file', false],
    ['https://reports.s3.amazonaws.com/file', false],
  ])('shows its token to %s: %s', (url, isShown) => {
    const { headers } = connector.authorize({ method: 'GET', url, headers: {} }, 'secret')
    expect(headers).toEqual(isShown ? { 'TTD-Auth': 'secret' } : {})
  })
})
describe('what The Trade Desk answers to reading', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})
