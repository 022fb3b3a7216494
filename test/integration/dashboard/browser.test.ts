import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logIn, noBrowser, openTab, picture, tabTo } from './browser.ts'
import { enterprise, fakeSite, workspace } from './fake-site.ts'

const free = {
  ...enterprise,
  claims: { ...enterprise.claims, tier: 'free', features: { airgap: false, seats: 5 } },
  refusal: { code: 'LICENSE_AIRGAP', message: 'the free license does not include air-gapped mode', fix: 'ask sales' },
} as typeof enterprise

for (const scheme of ['light', 'dark'] as const)
  test(`a person logs in, makes a workspace and works in its terminal (${scheme})`, { skip: noBrowser }, async (t) => {
    const site = await fakeSite(t)
    const { page, complaints, hosts } = await openTab(t, scheme)
    await page.goto(site.url)
    await page.getByLabel('User name').fill('admin')
    await page.getByLabel('Password').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('The user name or the password is wrong.').waitFor()
    await picture(page, `login-${scheme}`)
    await page.getByLabel('Password').fill('open sesame')
    await page.keyboard.press('Enter')
    await page.getByText('No workspaces yet').waitFor()

    await page.getByRole('button', { name: 'New workspace' }).click()
    await page.getByLabel('Name').fill('harbour')
    await picture(page, `create-${scheme}`)
    await page.keyboard.press('Enter')
    const row = page.getByRole('row', { name: 'harbour' })
    await row.getByText('Starting').waitFor()
    site.workspaces.push(
      workspace('pier', { status: 'OFF' }),
      workspace('crane', { status: 'FAILED', statusMessage: 'ImagePullBackOff: the registry does not answer' }),
    )
    const made = site.workspaces[0]
    assert.deepEqual([made?.cpu, made?.memoryGiB, made?.diskGiB], [1, 2, 5])
    if (made) made.status = 'ON'
    await row.getByText('On', { exact: true }).waitFor()
    await page.getByText('ImagePullBackOff').waitFor()
    await picture(page, `list-${scheme}`)

    await row.getByRole('link', { name: 'Open a terminal in harbour' }).click()
    await page.getByText('Connected').waitFor()
    await page.keyboard.type('echo héllo')
    await page.locator('.xterm-rows').getByText('echo héllo').waitFor()
    assert.equal(site.connections[0]?.received, 'echo héllo')
    assert.deepEqual(site.protocols, ['cde.shell.v1', 'ticket.header.claims.signature'])
    await picture(page, `terminal-${scheme}`)
    const painted = await page.evaluate(() => {
      const row = document.querySelector('.xterm-rows > div')
      return {
        height: row?.getBoundingClientRect().height,
        screen: document.querySelector('.xterm-screen')?.clientWidth,
      }
    })
    assert.ok((painted.height ?? 0) > 10 && (painted.screen ?? 0) > 500, JSON.stringify(painted))

    assert.deepEqual(complaints, [])
    assert.deepEqual([...hosts], [new URL(site.url).host], 'pages load from nowhere else')
  })

test('a lost connection says so, and reconnecting comes back to the same session', { skip: noBrowser }, async (t) => {
  const site = await fakeSite(t)
  site.workspaces.push(workspace('harbour'))
  const { page, complaints } = await openTab(t)
  await logIn(page, site.url)
  await page.goto(`${site.url}/workspaces/harbour000/terminal`)
  await page.getByText('Connected').waitFor()
  assert.equal(site.connections[0]?.query.get('id'), null)
  site.connections[0]?.socket.terminate()
  await page.getByRole('alertdialog', { name: 'Connection lost' }).waitFor()
  await picture(page, 'terminal-lost')
  await page.keyboard.press('Enter')
  await page.getByText('Connected').waitFor()
  assert.equal(site.connections[1]?.query.get('id'), 'a'.repeat(22))
  assert.equal(await page.getByRole('alertdialog').count(), 0)

  site.connections[1]?.socket.send(JSON.stringify({ type: 'exit', code: 3 }))
  await page.getByText('It ended with code 3.').waitFor()
  await page.getByRole('button', { name: 'Start a new shell' }).click()
  await page.getByText('Connected').waitFor()
  assert.equal(site.connections[2]?.query.get('id'), null, 'a shell that ended is not asked for again')
  assert.deepEqual(complaints, [])
})

test('the terminal tells the workspace its size, at first and when the window changes', {
  skip: noBrowser,
}, async (t) => {
  const site = await fakeSite(t)
  site.workspaces.push(workspace('harbour'))
  const { page } = await openTab(t)
  await logIn(page, site.url)
  await page.goto(`${site.url}/workspaces/harbour000/terminal`)
  await page.getByText('Connected').waitFor()
  const columns = Number(site.connections[0]?.query.get('cols'))
  assert.ok(columns > 100, `${columns} columns`)
  await page.setViewportSize({ width: 600, height: 500 })
  await page.waitForFunction(() => (document.querySelector('.xterm-screen')?.clientWidth ?? 9999) < 600)
  await page.waitForTimeout(200)
  const last = site.connections[0]?.resized.at(-1) as { type: string; cols: number; rows: number }
  assert.equal(last.type, 'resize')
  assert.ok(last.cols < columns && last.cols > 20 && last.rows > 5, JSON.stringify(last))
})

test('the license page shows claims and refusal, and takes another license', { skip: noBrowser }, async (t) => {
  const site = await fakeSite(t)
  site.license = free
  site.refuse = { status: 402, code: 'LICENSE_AIRGAP', message: 'the free license does not do', fix: 'ask sales' }
  const { page, complaints } = await openTab(t)
  await logIn(page, site.url)
  await page.getByRole('alert').getByText('The free license does not do.').waitFor()
  await page.getByRole('link', { name: 'License' }).click()
  await page.getByRole('alert').getByText('LICENSE_AIRGAP').waitFor()
  await picture(page, 'license-refused')
  await page.getByLabel('or its text').fill('forged')
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByText('LICENSE_FORGED').waitFor()
  await page
    .getByLabel('License file')
    .setInputFiles({ name: 'license.jwt', mimeType: 'text/plain', buffer: Buffer.from('good.license\n') })
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByText('The license is stored.').waitFor()
  await page.getByText('Northern Harbour Authority').waitFor()
  assert.equal(await page.getByText('LICENSE_AIRGAP').count(), 0)
  assert.deepEqual(site.uploaded, ['forged', 'good.license'])
  await picture(page, 'license')
  assert.deepEqual(complaints, [])
})

test('the license page warns of what ends and of seats, and says how much is left', { skip: noBrowser }, async (t) => {
  const site = await fakeSite(t)
  const { page } = await openTab(t, 'dark')
  const now = Math.floor(Date.now() / 1000)
  site.license = { ...enterprise, daysLeft: 1, seatsUsed: 251 }
  await logIn(page, site.url)
  await page.goto(`${site.url}/license`)
  await page.getByText('The license ends in 1 day.').waitFor()
  await page.getByText('251 people may log in, and the license has 250 seats.').waitFor()
  await page.getByText('250, 251 in use').waitFor()
  await picture(page, 'license-warnings')
  const claims = { ...(enterprise.claims as NonNullable<typeof enterprise.claims>), exp: now + 9.5 * 86_400 }
  site.license = { ...enterprise, claims, standing: 'grace', daysLeft: -5, seatsUsed: 3 }
  await page.reload()
  await page.getByText('Ended, in its grace period, 9 days of it left').waitFor()
  assert.equal(await page.getByText('people may log in').count(), 0)
})

test('everything can be done with the keyboard alone', { skip: noBrowser }, async (t) => {
  const site = await fakeSite(t)
  site.workspaces.push(workspace('harbour'))
  const { page } = await openTab(t)
  await logIn(page, site.url)
  await page.getByRole('row', { name: 'harbour' }).waitFor()
  await tabTo(page, 'More for harbour')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Delete harbour')
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)
  assert.equal(outline, 'solid', 'the focus is visible')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Delete harbour?' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.equal(site.workspaces.length, 1)
  const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
  assert.equal(focused, 'More for harbour', 'the focus is back where it came from')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Shift+Tab')
  await tabTo(page, 'Open a terminal in harbour')
  await page.keyboard.press('Enter')
  await page.getByText('Connected').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Shift+Escape')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Workspaces' }).waitFor()
  assert.equal(site.connections[0]?.received, '\t', 'Tab goes to the shell, Shift+Escape does not')
})

test('on a narrow screen nothing is cut off', { skip: noBrowser }, async (t) => {
  const site = await fakeSite(t)
  site.workspaces.push(workspace('harbour'), workspace('pier', { status: 'OFF' }))
  const { page } = await openTab(t)
  await page.setViewportSize({ width: 360, height: 740 })
  await logIn(page, site.url)
  await page.getByText('pier').waitFor()
  await picture(page, 'list-narrow')
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360))
})

test('the list changes as the manager tells, without being read again, and comes back after a cut', {
  skip: noBrowser,
}, async (t) => {
  const site = await fakeSite(t)
  site.workspaces.push(workspace('harbour', { status: 'CREATING' }))
  const { page, complaints } = await openTab(t)
  await logIn(page, site.url)
  const row = page.getByRole('row', { name: 'harbour' })
  await row.getByText('Starting').waitFor()
  await page.waitForTimeout(300)
  const { reads } = site
  site.workspaces = [workspace('harbour'), workspace('pier')]
  await row.getByText('On', { exact: true }).waitFor()
  await page.getByRole('row', { name: 'pier' }).waitFor()
  assert.equal(site.reads, reads)
  site.cutWatches(1012)
  site.workspaces = [workspace('harbour', { status: 'OFF' })]
  await row.getByText('Off').waitFor()
  assert.ok(site.watches >= 2)
  site.cutWatches(4401)
  await page.getByRole('button', { name: 'Log in' }).waitFor()
  assert.deepEqual(complaints, [])
})

test('a long list shows more on demand, keeps what is shown while it changes, and is searched at the manager', {
  skip: noBrowser,
}, async (t) => {
  const site = await fakeSite(t)
  site.pageSize = 3
  const day = (index: number) => `2026-01-${String(20 - index)}T00:00:00.000Z`
  site.workspaces = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name, index) =>
    workspace(`box-${name}`, { createdAt: day(index) }),
  )
  const { page, complaints } = await openTab(t)
  await logIn(page, site.url)
  const rows = page.getByRole('rowheader')
  const shows = async (...names: string[]): Promise<void> => {
    for (let waited = 0; ; waited += 50) {
      const shown = await rows.allTextContents()
      if (shown.join() === names.map((name) => `box-${name}`).join()) return
      assert.ok(waited < 5_000, `${shown} instead of ${names}`)
      await page.waitForTimeout(50)
    }
  }
  await shows('a', 'b', 'c')
  await picture(page, 'list-pages')
  await tabTo(page, 'Show more')
  await page.keyboard.press('Enter')
  await shows('a', 'b', 'c', 'd', 'e', 'f')
  site.workspaces = [workspace('box-new', { createdAt: day(-1) }), ...site.workspaces]
  await shows('new', 'a', 'b', 'c', 'd', 'e')
  await page.getByRole('button', { name: 'Show more' }).press('Enter')
  await shows('new', 'a', 'b', 'c', 'd', 'e', 'f', 'g')
  assert.equal(await page.getByRole('button', { name: 'Show more' }).count(), 0)

  const search = page.getByRole('searchbox', { name: 'Find a workspace' })
  await search.fill('box-g')
  await shows('g')
  site.workspaces = site.workspaces.map((one) => (one.name === 'box-g' ? { ...one, status: 'OFF' } : one))
  await page.getByRole('row', { name: 'box-g' }).getByText('Off').waitFor()
  await shows('g')
  await search.fill('nothing')
  await shows()
  assert.equal(await page.getByText('No workspaces yet').count(), 0)
  await search.fill('')
  await shows('new', 'a', 'b')
  assert.equal(await search.evaluate((element) => element === document.activeElement), true)
  assert.deepEqual(complaints, [])
})

test('where there is an identity provider the login offers it, and says in our words what it refused', {
  skip: noBrowser,
}, async (t) => {
  const site = await fakeSite(t)
  site.oidc = true
  const { page } = await openTab(t, 'dark')
  await page.goto(`${site.url}/?login_error=%3Cb%3Eevil`)
  const button = page.getByRole('link', { name: 'Log in with your organization' })
  await button.waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)
  await button.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('The identity provider did not confirm who you are.').waitFor()
  await picture(page, 'login-oidc')
  await page.waitForURL(`${site.url}/`)
})
