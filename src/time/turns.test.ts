import { describe, expect, it } from 'vitest'
import { createTurns } from './turns.ts'

describe('turns', () => {
  it('does the work of a key in the order it came, one at a time, also after a failure', async () => {
    const inTurn = createTurns()
    const did: string[] = []
    const work = (name: string) => async () => {
      did.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      did.push(`${name} ends`)
      if (name === 'b') throw new Error(name)
      return name
    }
    const all = await Promise.allSettled(['a', 'b', 'c'].map((name) => inTurn('key', work(name))))
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(did).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  it('lets one key not wait for another', async () => {
    const inTurn = createTurns()
    const { promise, resolve } = Promise.withResolvers<void>()
    const slow = inTurn('slow', () => promise)
    expect(await inTurn('quick', async () => 'done')).toBe('done')
    resolve()
    await slow
  })

  it('does work that is added while the last one ends, in any order', async () => {
    const inTurn = createTurns()
    let running = 0
    const work = async () => {
      expect(++running).toBe(1)
      await null
      running -= 1
    }
    const chains = Array.from({ length: 20 }, async (_, chain) => {
      for (let i = 0; i < 50; i++) {
        await inTurn('key', work)
        for (let turns = (chain * 7 + i) % 5; turns > 0; turns--) await null
      }
    })
    await Promise.all(chains)
  })
})
