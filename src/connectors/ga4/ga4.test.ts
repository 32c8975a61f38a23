import { describe, expect, it } from 'vitest'
import { Caveats } from '../platform/caveats.ts'
import { playAnswers, playCases } from '../reading/cases.test-support.ts'
import { createGa4 } from './ga4.ts'
import { METRICS } from './reports.ts'
import { rowReader } from './rows.ts'

const connector = createGa4({ data: 'https://data.example', admin: 'https://admin.example' })

describe('the Google Analytics connector', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)

  it('adds up no people over rows without a day', () => {
    const caveats = new Caveats()
    const nameOf = (name: string) => Object.keys(METRICS).find((ours) => METRICS[ours] === name) ?? name
    const read = rowReader(caveats, new Set(), nameOf)
    const around = {
      dimensionHeaders: [{ name: 'date' }],
      metricHeaders: [{ name: 'sessions' }, { name: 'totalUsers' }],
    }
    for (const value of ['3', '4'])
      read({ dimensionValues: [{ value: '(other)' }], metricValues: [{ value }, { value }] }, around)
    expect(caveats.texts).toEqual([expect.stringMatching(/^2 rows of no date .*: 7 sessions$/)])
  })
})
describe('what Google Analytics answers', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})
