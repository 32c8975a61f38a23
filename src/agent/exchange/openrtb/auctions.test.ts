import { strict as assert } from 'node:assert'
import { describe, it } from 'vitest'
import { playLong, playMany } from '../../../../test/support/naive-exchange.ts'

describe('auctions', () => {
  it('never cost more than the limits, by any order and number of notices', () => {
    playMany(40)
  })

  it('never cost more than the limits over ten thousand of them', () => {
    const { auctions, refused, duplicates, raised, doubted, late, fullest } = playLong(23_000)
    assert(auctions >= 10_000 && fullest > 0.95)
    for (const many of [refused, duplicates, raised, doubted, late]) assert(many > 100)
  })
})
