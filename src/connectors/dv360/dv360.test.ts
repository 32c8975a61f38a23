import { describe } from 'vitest'
import { playAnswers, playCases } from '../reading/cases.test-support.ts'
import { createDv360 } from './dv360.ts'

const connector = createDv360({ displayVideo: 'https://dv.example', bidManager: 'https://bm.example' })

describe('the Display & Video 360 connector', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)
})
describe('what Display & Video 360 answers', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})
