import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { CONNECTOR_TYPES, connectorMaker } from '../src/connectors/index.ts'

const FOLDER = new URL('../docs/platforms/', import.meta.url)
const page = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8')
const pages = readdirSync(FOLDER).filter((name) => name !== 'README.md')

it.each(CONNECTOR_TYPES)(
  '%s has a page with its credentials, reports, caveats and what was never tried',
  (type) => {
    const text = pages.map(page).find((one) => one.includes(`Type \`${type}\``)) ?? ''
    for (const section of ['## Credentials', '## What is read', '## Caveats', '## Never tried live'])
      expect(text).toContain(section)
    const { auth, reports, spend } = connectorMaker(type)(undefined, { clientId: 'x', clientSecret: 'y' })
    const scopes = auth.is === 'oauth2' ? auth.scopes : []
    for (const name of [...Object.keys(reports), ...scopes]) expect(text).toContain(`\`${name}\``)
    for (const { lookbackDays } of Object.values(reports))
      if (lookbackDays > 0) expect(text.replace(/\s+/g, ' ')).toContain(`last ${lookbackDays} days`)
    if (spend && spend.overDelivery > 1)
      expect(text).toContain(
        spend.overDelivery === 2 ? 'twice its budget' : `${spend.overDelivery} times its budget`,
      )
  },
)

it('every page is in the table of all platforms', () => {
  for (const name of pages) expect(page('README.md')).toContain(`(${name})`)
})
