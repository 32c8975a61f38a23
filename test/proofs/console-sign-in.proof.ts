import { describe, expect, it } from 'vitest'
import { accessibilityFaults, openPage, scrollsSideways, startBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { startHarness } from '../support/harness.ts'
import { startOidcProvider } from '../support/oidc-provider.ts'

const GROUPS = { readers: 'read', acme: 'read+operate@7' }
const ANNA = { sub: 'anna', email: 'anna@example.com', email_verified: true, groups: ['readers'] }

describe('signing in to the console by OpenID Connect', () => {
  it('goes to the provider and back to the page that was wanted, with the rights of the groups', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const provider = await startOidcProvider({ redirectUri: `${url}/v1/session/oidc/callback` })
    const { get } = await startHarness({ PORT: String(port), ...provider.environment(url, GROUPS) })
    const { page, complaints } = await openPage(await startBrowser(), url)
    const begin = () => page.getByRole('link', { name: /^Sign in with 127\.0\.0\.1/ }).click()
    await page.goto('/console/budgets/platform%3Ameta')
    provider.signIn(ANNA)
    await begin()
    await page.getByText('Hold mode').waitFor()
    expect(new URL(page.url()).pathname).toBe('/console/budgets/platform%3Ameta')
    expect(await page.getByRole('button', { name: /Stop|Pause|Add a limit/ }).count()).toBe(0)
    await page.reload()
    await page.getByText('Hold mode').waitFor()
    await page.getByRole('button', { name: 'Sign out oidc:anna@example.com' }).click()

    // An organisation's see what is theirs, and what they may do is offered.
    provider.signIn({ ...ANNA, sub: 'otto', email: 'otto@acme.example', groups: ['acme'] })
    await page.goto('/')
    await begin()
    await page.getByText('Needs attention').waitFor()
    expect(await page.getByText('platform:meta').count()).toBe(0)
    await page.getByRole('button', { name: 'Sign out oidc:otto@acme.example' }).click()

    // What has gone wrong is said, with what to try.
    provider.signIn({ ...ANNA, sub: 'eve', groups: ['guests'] })
    await begin()
    await page.getByRole('alert').getByText('None of your groups may do anything here').waitFor()
    for (const theme of ['light', 'dark'] as const)
      for (const width of [360, 1440]) {
        await page.emulateMedia({ colorScheme: theme })
        await page.setViewportSize({ width, height: 900 })
        expect([theme, width, await accessibilityFaults(page)]).toEqual([theme, width, []])
        expect([theme, width, await scrollsSideways(page)]).toEqual([theme, width, false])
      }
    provider.signIn(undefined)
    await begin()
    await page.getByText('The provider has not let you in').waitFor()
    await page.goto('/?sign_in=provider_away')
    await page.getByText('The provider does not answer').waitFor()
    provider.signIn(ANNA)
    await begin()
    await page.getByText('Needs attention').waitFor()
    expect(new URL(page.url()).search).toBe('')
    expect((await get('/v1/budgets')).status).toBe(401)
    // Nobody is signed in at first, and the browser goes to the provider.
    const isExpected = (one: string) => one.includes('401') || one.startsWith(`asks ${provider.issuer}`)
    expect(complaints.filter((one) => !isExpected(one))).toEqual([])
  })
})
