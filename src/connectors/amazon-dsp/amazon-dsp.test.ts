import { describe } from 'vitest'
import { playAnswers, playCases } from '../reading/cases.test-support.ts'
import { createAmazonDsp } from './amazon-dsp.ts'

const hosts = { apiNA: 'https://na.example', apiEU: 'https://eu.example', apiFE: 'https://fe.example' }
const connector = createAmazonDsp(hosts, { clientId: 'our-client', clientSecret: 'secret' })

describe('the Amazon connector', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)
})
describe('what Amazon answers', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})
