import { strict as assert } from 'node:assert'
import { describe, it } from 'vitest'
import { playLong, playMany } from '../../../../test/support/naive-exchange.ts'

describe('auctions', () => {
  it('never cost more than the limits, by any order and number of notices', () => {
    playMany(150)
  })

  it('never cost more than the limits over a hundred thousand of them', () => {
    const { auctions, refused, duplicates, raised, doubted, late, fullest } = playLong(230_000)
    assert(auctions >= 100_000 && fullest > 0.95)
    for (const many of [refused, duplicates, raised, doubted, late]) assert(many > 1_000)
  })
})
