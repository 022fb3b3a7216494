import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { emptyDraft, setAnswer } from '../../../installer/src/answers/draft.ts'
import { noBrowser, openTab, tabTo } from '../dashboard/browser.ts'
import { answered, half, notServed, served, site } from './answered.ts'
import { fakeSession, found } from './fake-session.ts'

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement
    return element?.getAttribute('aria-label') ?? element?.textContent ?? ''
  })
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

test('a person answers with the keyboard alone; faults stand at their fields and keep from going on', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t)
  const { page, complaints } = await openTab(t)
  await page.goto(session.url)
  await heading(page, 'The bundle, and whom to trust').waitFor()
  const tools = await page.context().newCDPSession(page)
  const { entries } = await tools.send('Page.getNavigationHistory')
  assert.deepEqual(
    entries.map(({ url }) => url.split('/').at(-1)),
    ['about:blank', '#bundle'],
    'the token is nowhere in the history',
  )
  await page.getByText('Bundle', { exact: true }).waitFor()
  await page.getByText('Release (optional)', { exact: true }).waitFor()

  const bundle = page.getByLabel(/^Bundle/)
  assert.equal(await bundle.getAttribute('aria-invalid'), null, 'nothing is wrong before anything was typed')
  await tabTo(page, 'Continue to license')
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: '2 answers are missing or wrong' }).waitFor()
  assert.equal(await focused(page), '2 answers are missing or wrong')
  assert.equal(await bundle.getAttribute('aria-invalid'), 'true')
  const told = await bundle.evaluate((input) =>
    (input.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent),
  )
  assert.equal(told.length, 2, 'the fault and the hint')
  assert.match(String(told[0]), /missing/)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  assert.equal(await bundle.evaluate((input) => input === document.activeElement), true, 'the link leads to the field')
  await page.keyboard.type('/media/usb/cde.bundle')
  await page.waitForFunction(() => !document.querySelector('#answer-bundle[aria-invalid]'))
  await page.keyboard.press('Tab')
  await page.keyboard.type('/media/usb/vendor.pub')
  await page.keyboard.press('Tab')
  await page.getByText('as it should be').waitFor()
  await tabTo(page, 'Continue to license')
  await page.keyboard.press('Enter')
  await heading(page, 'The license').waitFor()
  assert.equal(await focused(page), 'The license', 'the new page has the focus on its heading')
  assert.equal(await page.title(), 'The license · Sealift')
  assert.equal(await page.locator('nav [aria-current=step]').textContent(), '2License')
  const { bundle: path, trust } = session.view().draft
  assert.deepEqual([path, trust], ['/media/usb/cde.bundle', ['/media/usb/vendor.pub']])
  assert.deepEqual(complaints, [])
})

test('a fault shows while one types, with the words of the file, and goes when it is mended', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  const { page } = await openTab(t)
  await page.goto(session.url)
  session.emit({ type: 'page', page: 'names' })
  const host = page.getByLabel('Host name', { exact: true })
  await host.fill('CDE.site.example')
  const fault = page.locator('#answer-host-fault')
  await fault.waitFor()
  const message = session.view().faults['/host']?.message ?? ''
  assert.ok((await fault.textContent())?.toLowerCase().startsWith(message.toLowerCase()), message)
  await host.fill('cde.site.example')
  await fault.waitFor({ state: 'detached' })
})

test('a license that is refused keeps from going on, with the reason and the way to the page that may change it', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  const refused = {
    state: 'bad',
    facts: [],
    failure: { code: 'LICENSE_AIRGAP', message: 'the free license does not include air-gapped mode', fix: 'ask sales' },
  } as const
  session.looked.license = refused
  const { page } = await openTab(t)
  await page.goto(session.url)
  session.emit({ type: 'page', page: 'license' })
  await page.getByRole('button', { name: 'Continue to internet access' }).click()
  const box = page.getByRole('region', { name: 'The free license does not include air-gapped mode.', exact: true })
  await box.waitFor()
  assert.equal(await box.getByRole('button', { name: 'Continue anyway' }).count(), 0)
  await page.getByText('What helps: ask sales').waitFor()
  assert.equal(session.view().page, 'license')
  await box.getByRole('button', { name: 'Change the internet access' }).click()
  await heading(page, 'Internet access of this site').waitFor()
  session.looked.license = { state: 'good', facts: [] }
  await page.getByRole('radio', { name: 'Connected' }).check()
  await page.getByText('Good').waitFor()
  await page.getByRole('button', { name: 'Continue to cluster' }).click()
  await heading(page, 'The cluster').waitFor()
  assert.equal(session.view().draft.mode, 'connected')
})

test('what is not good elsewhere may be left for later', { skip: noBrowser }, async (t) => {
  const session = await fakeSession(t, answered)
  Object.assign(session.looked, site)
  const { page } = await openTab(t)
  await page.goto(session.url)
  session.emit({ type: 'page', page: 'registry' })
  await page.getByRole('button', { name: 'Continue to names' }).click()
  await page.getByRole('region', { name: 'Nothing answers at 10.0.0.5:5000.', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Continue anyway' }).click()
  await heading(page, 'Names and certificates').waitFor()
})

test('a bundle is served with the keyboard alone; who watches sees it, and presses nothing', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  Object.assign(session.looked, site)
  const { page, complaints } = await openTab(t)
  await page.goto(session.url)
  await heading(page, 'The bundle, and whom to trust').waitFor()
  session.emit({ type: 'page', page: 'registry' })
  const region = page.getByRole('region', { name: 'Serving the bundle' })
  const button = region.getByRole('button', { name: 'Serve from this file' })
  await button.waitFor()
  const other = await openTab(t, 'dark')
  await other.page.goto(session.url)
  await heading(other.page, 'The registry').waitFor()
  const watched = other.page.getByRole('region', { name: 'Serving the bundle' })
  assert.equal(await watched.count(), 0, 'there is nothing to see yet')

  await tabTo(page, 'Serve from this file')
  await page.keyboard.press('Enter')
  await region.getByText('It begins.').waitFor()
  assert.equal(await focused(page), 'Serve from this file', 'the focus stays')
  await page.keyboard.press('Enter')
  session.emit({ type: 'serving', serving: half })
  for (const one of [region, watched]) await one.getByText('144 MB of 288 MB').waitFor()
  await region.getByRole('status').getByText('The bundle is being verified').waitFor({ state: 'attached' })
  assert.equal(await watched.getByRole('button').count(), 0)
  assert.deepEqual(
    session.asked.filter(([path]) => path === '/api/serve'),
    [['/api/serve', {}]],
    'once',
  )

  session.emit({ type: 'serving', serving: notServed })
  for (const one of [region, watched]) await one.getByText('USAGE_LISTEN').waitFor()
  assert.equal(await focused(page), 'Serving the bundle')
  await button.click()
  await region.getByText('It begins.').waitFor()
  session.emit({ type: 'serving', serving: served })
  session.emit({ type: 'look', look: 'registry', looked: found })
  for (const one of [region, watched]) await one.getByText('kill 4711').waitFor()
  await button.waitFor({ state: 'detached' })

  await page.getByRole('radio', { name: 'Existing' }).check()
  await region.waitFor({ state: 'detached' })
  assert.deepEqual([...complaints, ...other.complaints], [])
})

test('what has to serve from now on is said before and after an installation, with the command that makes it a service', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  const { page } = await openTab(t)
  await page.goto(session.url)
  session.emit({ type: 'serving', serving: served })
  session.emit({ type: 'page', page: 'review' })
  const command = /sealift serve \/media\/usb\/cde-0\.1\.0\.bundle --listen 10\.0\.0\.5:5000 .*--systemd/
  await page.getByRole('region', { name: 'What has to go on' }).getByText(command).waitFor()
  await page.getByText('kill 4711').waitFor()
  const result = { url: 'https://cde.site.example/', namespace: 'cde', version: '0.1.0', kubectl: 'kubectl' }
  session.emit({ type: 'result', result })
  session.emit({ type: 'phase', phase: 'done' })
  await page.getByRole('region', { name: 'What to do next' }).getByText(command).waitFor()
})

test('contexts and storage classes that were found can be chosen; another page has what was answered after back and forward', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  Object.assign(session.looked, site)
  const { page } = await openTab(t)
  await page.goto(session.url)
  session.emit({ type: 'page', page: 'cluster' })
  await page.getByRole('button', { name: 'Look at the cluster' }).click()
  await page.getByLabel('Context').selectOption('pier')
  await page.getByLabel('Namespace').fill('harbour')
  await page.getByRole('button', { name: 'Continue to registry' }).click()
  await heading(page, 'The registry').waitFor()
  await page.goBack()
  await heading(page, 'The cluster').waitFor()
  assert.equal(await page.getByLabel('Namespace').inputValue(), 'harbour')
  assert.equal(await page.getByLabel('Context').inputValue(), 'pier')
  await page.goForward()
  await heading(page, 'The registry').waitFor()
  await page.reload()
  await heading(page, 'The registry').waitFor()
  await page.getByRole('button', { name: 'Storage and database' }).click()
  await page.getByLabel('Storage class').selectOption('fast')
  await page.waitForFunction(
    () => (document.querySelector('#answer-storageClass') as HTMLSelectElement)?.value === 'fast',
  )
  await page.getByRole('button', { name: 'Back' }).click()
  await heading(page, 'Names and certificates').waitFor()
  const { context, namespace, storageClass } = session.view().draft
  assert.deepEqual(
    { context, namespace, storageClass },
    { context: 'pier', namespace: 'harbour', storageClass: 'fast' },
  )
})

test('files are brought from here, a password is typed and never becomes an answer', { skip: noBrowser }, async (t) => {
  const draft = setAnswer(setAnswer(answered, '/registry/username', 'puller'), '/tls', true)
  const session = await fakeSession(t, draft)
  const { page } = await openTab(t)
  await page.goto(session.url)
  session.emit({ type: 'page', page: 'registry' })
  await page.getByLabel(/^Password/).fill('open sesame')
  await page.keyboard.press('Tab')
  await page.getByText('Stored in /state/uploads/password').waitFor()
  assert.deepEqual(
    session.asked.find(([path]) => path.startsWith('/api/upload')),
    ['/api/upload?pointer=%2Fregistry%2FpasswordFile&name=password', 'open sesame'],
  )
  session.emit({ type: 'page', page: 'names' })
  const choose = async (button: string, name: string, size = 10): Promise<void> => {
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: button, exact: true }).click()
    await (await chooser).setFiles({ name, mimeType: 'text/plain', buffer: Buffer.alloc(size, 'k') })
  }
  await choose('Upload Key', 'cde.key')
  await page.waitForFunction(() =>
    (document.querySelector('#answer-tls-keyFile') as HTMLInputElement).value.endsWith('cde.key'),
  )
  await choose('Upload Certificate', 'disk.iso', (1 << 20) + 1)
  await page.getByText('disk.iso is larger than 1 MiB').waitFor()
  const answers = JSON.stringify([session.view().draft, session.asked.filter(([path]) => path === '/api/answer')])
  assert.doesNotMatch(answers, /sesame|kkk/)
})

test('how often each part runs follows from the people, before anything is sent away', {
  skip: noBrowser,
}, async (t) => {
  const session = await fakeSession(t, answered)
  const { page } = await openTab(t)
  await page.goto(session.url)
  session.emit({ type: 'page', page: 'sizes' })
  await page.getByLabel('People').fill('900')
  await page.getByRole('row', { name: 'Envproxy' }).getByRole('cell', { name: '3', exact: true }).waitFor()
  await page.getByLabel('People').fill('many')
  await page.locator('#answer-people-fault').waitFor()
  await page.getByLabel('Chart values').fill('logging: {level: debug')
  await page.locator('#answer-values-fault').waitFor()
  const sent = page.waitForResponse((answer) => answer.request().postData()?.includes('/values') === true)
  await page.getByLabel('Chart values').fill('logging: {level: debug}')
  await page.locator('#answer-values-fault').waitFor({ state: 'detached' })
  await page.getByLabel('Chart values').blur()
  await page.waitForFunction(() => document.querySelector('textarea')?.value.includes('level: debug\n'))
  await sent
  assert.deepEqual(session.view().draft.values, { logging: { level: 'debug' } })
})

test('answers that cannot be sent are said so, and what the machine has comes back', { skip: noBrowser }, async (t) => {
  const session = await fakeSession(t, emptyDraft)
  const { page } = await openTab(t)
  await page.goto(session.url)
  await page.route('**/api/answer', (route) =>
    route.fulfill({ status: 507, json: { error: { code: 'STORAGE_STATE', message: 'the disk is full' } } }),
  )
  await page.getByLabel(/^Bundle/).fill('/media/usb/cde.bundle')
  await page.getByRole('alert').getByText('The disk is full.').waitFor()
  await page.getByLabel(/^Bundle/).blur()
  await page.waitForFunction(() => (document.querySelector('#answer-bundle') as HTMLInputElement).value === '')
})
