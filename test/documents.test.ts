import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'bench/*.md', 'clients/*/README.md']).sort()
const FILES = globSync('{src,test,bench,grafana,docs,bin,web/src}/**/*.{ts,cjs,lua,md}')

/** Whether a file of the project ends in this path, however much of it the text says. */
const isThere = (path: string): boolean => FILES.some((file) => file === path || file.endsWith(`/${path}`))

describe.each(DOCUMENTS.filter((path) => path !== 'CHANGELOG.md'))('%s', (document) => {
  const text = readFileSync(document, 'utf8')

  it('names files that are there', () => {
    const named = [...text.matchAll(/`([\w./-]+\.(?:ts|lua))`/g)].map(([, path = '']) => path)
    expect(named.filter((path) => !isThere(path))).toEqual([])
  })

  it('links to files that are there', () => {
    const linked = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path)
    expect(linked.filter((path) => !existsSync(join(dirname(document), path)))).toEqual([])
  })
})

it('ARCHITECTURE.md is a map, not the country', () => {
  expect(readFileSync('ARCHITECTURE.md').length).toBeLessThanOrEqual(10_240)
})

describe('CHANGELOG.md', () => {
  const text = readFileSync('CHANGELOG.md', 'utf8')
  const versions = text.split(/^## /m).slice(1)

  it('has what is not released yet on top, then versions with their dates', () => {
    const [first, ...released] = versions.map((version) => version.split('\n')[0])
    expect(first).toBe('[Unreleased]')
    expect(text.split(/^## /m)[0]).not.toMatch(/^- /m)
    expect(released.filter((title) => !/^\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/.test(title ?? ''))).toEqual(
      [],
    )
  })

  it('sorts changes into the sections of Keep a Changelog, each once', () => {
    const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']
    for (const version of versions) {
      const sections = [...version.matchAll(/^### (.*)$/gm)].map(([, section]) => section)
      expect(sections).toEqual(known.filter((section) => sections.includes(section)))
    }
  })
})
