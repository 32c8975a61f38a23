import { it } from 'vitest'
import { playAgainstNaive } from '../bounded/naive-pair.test-support.ts'

it('the budget manager agrees with the naive rules after every step, and never lets a limit be exceeded', () => {
  playAgainstNaive(3_000)
})
