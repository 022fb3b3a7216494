import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Told } from '../../../services/dashboard/web/notices.ts'
import { grave } from '../axe.ts'
import { logIn, noBrowser, openTab, picture, tabTo } from './browser.ts'
import { fakeSite, workspace } from './fake-site.ts'

const minute = 60_000
const upgrade = 'CDE is upgraded to 1.1.0. Workspaces keep running, and what is open stays open.'

/** Notices by a clock that is an hour behind the browser's: what begins and ends so many minutes from then. */
function told(...notices: [id: string, says: string, begins: number, ends: number][]): Told {
  const now = Date.now() - 60 * minute
  const at = (minutes: number) => new Date(now + minutes * minute).toISOString()
  return {
    now: new Date(now).toISOString(),
    notices: notices.map(([id, says, begins, ends]) => ({ id, says, startsAt: at(begins), endsAt: at(ends) })),
  }
}

for (const scheme of ['light', 'dark'] as const)
  test(`a notice stands above every page with the time that is left (${scheme})`, { skip: noBrowser }, async (t) => {
    const site = await fakeSite(t)
    site.workspaces.push(workspace('harbour'))
    const { page, complaints } = await openTab(t, scheme)
    await logIn(page, site.url)
    const banner = page.locator('.notices')
    assert.equal(await banner.getAttribute('role'), 'status')
    site.tellNotices(told(['a', upgrade, 4.9, 30], ['b', 'The file server moves.', -1, 60]))
    await banner.getByText(upgrade).waitFor()
    await banner.getByText(/^Begins in 5 min, at \d/).waitFor()
    await banner.getByText(/^Under way until about \d/).waitFor()
    await picture(page, `notices-${scheme}`)
    assert.deepEqual(await grave(page), [])
    await page.getByRole('link', { name: 'License' }).click()
    await page.getByRole('heading', { name: 'License', exact: true }).waitFor()
    await banner.getByText(upgrade).waitFor()

    await tabTo(page, `Dismiss: ${upgrade}`)
    await page.keyboard.press('Enter')
    await banner.getByText(upgrade).waitFor({ state: 'detached' })
    await banner.getByText('The file server moves.').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'content')
    await page.reload()
    await banner.getByText('The file server moves.').waitFor()
    assert.equal(await banner.getByText(upgrade).count(), 0)

    site.tellNotices(told(['c', 'Soon.', 0.05, 0.08]))
    await banner.getByText(/^Begins in \d s/).waitFor()
    await banner.getByText(/^Under way/).waitFor()
    await banner.getByText('Soon.').waitFor({ state: 'detached' })
    assert.deepEqual(complaints, [])
  })

test('a terminal shows what it is told of above its screen, and nothing on it', { skip: noBrowser }, async (t) => {
  const site = await fakeSite(t)
  site.workspaces.push(workspace('harbour'))
  const { page, complaints } = await openTab(t, 'dark')
  await logIn(page, site.url)
  await page.goto(`${site.url}/workspaces/harbour000/terminal`)
  await page.getByText('Connected').waitFor()
  // the manager's word is heard before
  site.tellNotices(told(['x', 'Sooner.', 1, 30]))
  await page.locator('.notices').getByText('Sooner.').waitFor()
  site.connections[0]?.socket.send(JSON.stringify({ type: 'notices', ...told(['a', upgrade, 4.9, 30]) }))
  await page.locator('.notices').getByText(upgrade).waitFor()
  await picture(page, 'notices-terminal')
  assert.deepEqual(await grave(page), [])
  assert.equal(await page.locator('.terminal-place').getByText('upgraded').count(), 0)
  // the terminal still has all of the page but what stands above it
  const bottom = await page.locator('.terminal-place').evaluate((element) => element.getBoundingClientRect().bottom)
  assert.equal(Math.round(bottom), await page.evaluate(() => innerHeight))
  // told by both, it stands there once
  site.tellNotices(told(['a', upgrade, 4.9, 30]))
  await page.locator('.notices').getByText('Sooner.').waitFor({ state: 'detached' })
  assert.equal(await page.locator('.notices').getByText(upgrade).count(), 1)
  site.tellNotices(told())
  site.connections[0]?.socket.send(JSON.stringify({ type: 'notices', ...told() }))
  await page.locator('.notices').getByText(upgrade).waitFor({ state: 'detached' })
  assert.deepEqual(complaints, [])
})
