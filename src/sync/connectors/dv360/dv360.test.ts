import { describe, expect, it } from 'vitest'
import { playAnswers, playCases } from '../cases.test-support.ts'
import { microsOf, numberOf } from '../decimal.ts'
import { createDv360 } from './index.ts'

const connector = createDv360({ displayVideo: 'https://dv.example', bidManager: 'https://bm.example' })

describe('the Display & Video 360 connector', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)
})
describe('what Display & Video 360 answers', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})

describe('numbers in text', () => {
  it.each([
    ['1.5', 1_500_000],
    ['0.0000001', 1],
    ['-0.0000019', -1],
    ['12', 12_000_000],
    ['9007199254.740993', '9007199254740993'],
    ['', null],
    ['1e3', null],
    ['n/a', null],
  ])('%s is so many micros', (text, expected) => {
    expect(microsOf(text)).toBe(expected)
  })

  it.each([
    ['7', 7],
    ['0.25', 0.25],
    ['1.2E-5', 0.000012],
    ['9007199254740993', '9007199254740993'],
    ['-', null],
    [undefined, null],
  ])('%s is this number', (text, expected) => {
    expect(numberOf(text)).toBe(expected)
  })
})
