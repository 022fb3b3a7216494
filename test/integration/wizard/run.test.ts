import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { grave } from '../axe.ts'
import { noBrowser, openTab, picture } from '../dashboard/browser.ts'
import { answered, atTheEnd, checks, onTheWay } from './answered.ts'
import { fakeSession } from './fake-session.ts'

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

test('checks that fail come first; one is ignored after a question, a strict one never; the command is copied', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  session.checks = checks
  const { page, context } = await openTab(t)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(session.url)
  session.emit({ type: 'page', page: 'checks' })
  await page.getByRole('button', { name: 'Continue to review' }).click()
  await page.getByRole('region', { name: 'The checks have not been run to their end' }).waitFor()
  await page.getByRole('button', { name: 'Run the checks' }).click()
  await page.getByText('2 errors, 1 warning, 1 not tried, 2 hold').waitFor()
  const titles = await page.locator('.check-card:visible h2').allTextContents()
  assert.deepEqual(titles.slice(0, 3), [
    'The default storage class gives a volume',
    'The network keeps to network policies',
    'The clocks of the machines agree',
  ])
  const card = (title: string) => page.getByRole('listitem').filter({ hasText: title })
  const storage = card('The default storage class')
  await storage.getByRole('button', { name: /^Copy/ }).click()
  await storage.getByText('Copied').waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), checks[3]?.fix)
  assert.equal(await card('The network keeps').getByRole('button', { name: 'Ignore' }).count(), 0)
  await card('The network keeps').getByText('cannot be ignored').waitFor()

  await storage.getByRole('button', { name: 'Ignore' }).click()
  const dialog = page.getByRole('dialog', { name: 'Ignore this check?' })
  await dialog.getByText('home directory').waitFor()
  await picture(page, 'wizard-ignore')
  assert.deepEqual(await grave(page), [])
  await page.keyboard.press('Escape')
  assert.equal(session.view().draft.ignore, undefined)
  await storage.getByRole('button', { name: 'Ignore' }).click()
  const sent = page.waitForResponse((answer) => answer.request().postData()?.includes('/ignore') === true)
  await dialog.getByRole('button', { name: 'Ignore' }).click()
  await dialog.waitFor({ state: 'detached' })
  await storage.getByRole('button', { name: 'Do not ignore' }).waitFor()
  await sent
  assert.deepEqual(session.view().draft.ignore, ['storage'])
  session.emit({ type: 'checks', checks: checks.map((check) => ({ ...check, state: 'running' })) })
  await page.getByText('They were stopped before their end.').waitFor()
  session.checks = checks.map((check) => (check.state === 'failed' ? { ...check, state: 'ignored' } : check))
  await page.getByRole('button', { name: 'Run again' }).click()
  await page.getByText('3 ignored').waitFor()
  await page.getByRole('button', { name: 'Continue to review' }).click()
  await heading(page, 'Review').waitFor()
})

test('the review names what is missing, and begins only when nothing is', { skip: noBrowser }, async (t) => {
  const { host, ...rest } = answered
  const session = await fakeSession(t, rest)
  const { page } = await openTab(t)
  await page.goto(session.url)
  session.emit({ type: 'page', page: 'review' })
  await page.getByRole('button', { name: 'Install' }).click()
  const box = page.getByRole('region', { name: 'Something is still missing or wrong' })
  await box.getByRole('button', { name: 'Names and certificates: Host name' }).click()
  await page.getByLabel('Host name', { exact: true }).fill(String(host))
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByRole('region', { name: 'answers.yaml' }).getByText('host: cde.site.example').waitFor()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export' }).click()
  assert.equal((await download).suggestedFilename(), 'answers.yaml')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Import' }).click()
  await (await chooser).setFiles({ name: 'mine.yaml', mimeType: 'text/plain', buffer: Buffer.from('kind: Answers') })
  await page.getByText('The answers of mine.yaml are taken over.').waitFor()
  assert.deepEqual(session.asked.at(-1), ['/api/import', 'kind: Answers'])
  await page.getByRole('button', { name: 'Install' }).click()
  await heading(page, 'Installation').waitFor()
})

test('the installation shows rate and time left by the machine’s clock; a screen reader hears only what lasts', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  const { page, complaints } = await openTab(t)
  await page.goto(session.url)
  // a day ahead of this computer's clock, and heard of in an event
  await page.getByLabel(/^Bundle/).waitFor()
  const machine = Date.now() + 86_400_000
  session.emit({ type: 'page', page: 'progress' })
  for (const event of onTheWay(machine)) session.emit({ ...event, at: machine - 10_000 } as never)
  session.emit({
    type: 'progress',
    stage: 'registry',
    done: 144_000_000,
    total: 288_000_000,
    unit: 'bytes',
    at: machine,
  } as never)
  await page.getByText(/^144 MB of 288 MB · 1[12]\.\d MB\/s · about 1\d s left$/).waitFor()
  const spoken = page.locator('main [role=status].unseen')
  await spoken.getByText('Stage 4 of 7: Put the images into the registry').waitFor({ state: 'attached' })
  const live = '[role=status], [role=alert], output, [aria-live]:not([aria-live=off])'
  assert.equal(await page.locator('.stages').evaluate((list, live) => list.closest(live), live), null)
  for (let done = 150_000_000; done <= 200_000_000; done += 10_000_000)
    session.emit({ type: 'progress', stage: 'registry', done, total: 288_000_000, unit: 'bytes', at: machine } as never)
  await page.getByText('200 MB of 288 MB').waitFor()
  assert.equal(await spoken.textContent(), 'Stage 4 of 7: Put the images into the registry')
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stop it' }).click()
  await page.getByRole('alert').getByText('USAGE_INTERRUPTED').waitFor()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  assert.deepEqual(complaints, [])
})

test('a second browser sees everything live and cannot change it, until nobody steers', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  const first = await openTab(t)
  await first.page.goto(session.url)
  await first.page.getByLabel(/^Bundle/).waitFor()
  const second = await openTab(t, 'dark')
  await second.page.goto(session.url)
  await second.page.getByText('Browser face1 steers this installation.').waitFor()
  await first.page.getByText('1 other here').waitFor()
  await first.page.getByLabel(/^Bundle/).fill('/media/usb/other.bundle')
  const watched = second.page.getByLabel(/^Bundle/)
  await second.page.waitForFunction(
    () => (document.querySelector('#answer-bundle') as HTMLInputElement).value === '/media/usb/other.bundle',
  )
  assert.equal(await watched.isDisabled(), true)
  assert.equal(await second.page.getByRole('button', { name: /Continue|Back|Upload|Look|Import/ }).count(), 0)
  assert.equal(await second.page.locator('nav').getByRole('button').count(), 0)
  await picture(second.page, 'wizard-watching-dark')
  assert.deepEqual(await grave(second.page), [])
  await first.page.getByRole('button', { name: 'Cluster', exact: true }).click()
  await heading(second.page, 'The cluster').waitFor()

  session.emit({ type: 'faces', faces: [{ id: 'face2', kind: 'web', label: 'browser face2' }] })
  await second.page.getByRole('button', { name: 'Take over' }).click()
  await second.page.getByLabel('Namespace').fill('harbour')
  await first.page.getByText('Browser face2 steers this installation.').waitFor()
  await first.page.waitForFunction(
    () => (document.querySelector('#answer-namespace') as HTMLInputElement).value === 'harbour',
  )
  assert.deepEqual([...first.complaints, ...second.complaints], [])
})

test('a lost connection is said and found again; a session that is gone says how to come back', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  const { page } = await openTab(t)
  await page.goto(session.url)
  await page.getByLabel(/^Bundle/).waitFor()
  session.cut()
  await page.getByText('The machine does not answer.').waitFor()
  session.emit({ type: 'page', page: 'registry' })
  await heading(page, 'The registry').waitFor()
  await page.getByText('The machine does not answer.').waitFor({ state: 'detached' })
  session.faces.splice(0)
  session.cut()
  await page.getByRole('heading', { name: 'You are not signed in to this installation' }).waitFor()
  assert.deepEqual(await grave(page), [])
  await picture(page, 'wizard-outside')
})

test('a link for another browser, and the end', { skip: noBrowser }, async (t) => {
  const session = await fakeSession(t, answered)
  const { page } = await openTab(t)
  await page.goto(session.url)
  await page.getByRole('button', { name: 'Invite' }).click()
  await page.getByRole('dialog').getByText('AB:AB').waitFor()
  await picture(page, 'wizard-invite')
  assert.deepEqual(await grave(page), [])
  await page.getByRole('button', { name: 'Close' }).click()
  for (const event of atTheEnd) session.emit(event)
  await page.getByRole('button', { name: 'Close the wizard' }).click()
  await page.getByRole('heading', { name: 'The wizard is closed' }).waitFor()
  assert.equal(session.asked.at(-1)?.[0], '/api/close')
})

test('text from elsewhere is text, however long', { skip: noBrowser }, async (t) => {
  const session = await fakeSession(t, answered)
  const { page, complaints } = await openTab(t)
  await page.setViewportSize({ width: 320, height: 700 })
  await page.goto(session.url)
  const bad = `<img src=x onerror=alert(1)>${'x'.repeat(300)}`
  session.emit({
    type: 'look',
    look: 'bundle',
    looked: {
      state: 'bad',
      facts: [{ label: bad, text: bad }],
      failure: { code: 'BUNDLE_X', message: bad, why: bad, fix: bad },
    },
  })
  await page.getByText('BUNDLE_X').waitFor()
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= 320)
  assert.ok(await fits())
  session.emit({ type: 'page', page: 'checks' })
  session.emit({ type: 'checks', checks: checks.map((check) => ({ ...check, title: bad, found: bad, fix: bad })) })
  await page.getByText('2 errors').waitFor()
  assert.ok(await fits())
  for (const event of onTheWay(Date.now())) session.emit(event)
  session.emit({ type: 'log', stage: 'registry', level: 'info', message: bad })
  await page.getByText('Log, 3 lines').click()
  assert.ok(await fits())
  assert.equal(await page.locator('main img').count(), 0)
  assert.deepEqual(complaints, [])
})
