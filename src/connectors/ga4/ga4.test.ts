import { describe } from 'vitest'
import { playAnswers, playCases } from '../reading/cases.test-support.ts'
import { createGa4 } from './ga4.ts'

const connector = createGa4({ data: 'https://data.example', admin: 'https://admin.example' })

describe('the Google Analytics connector', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)
})
describe('what Google Analytics answers', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})
