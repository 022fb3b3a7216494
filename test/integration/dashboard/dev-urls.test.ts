import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { DevUrl } from '../../../services/dashboard/web/dev-url-api.ts'
import { logIn, noBrowser, openTab } from './browser.ts'
import { fakeSite, workspace } from './fake-site.ts'

const skip = noBrowser

/** Plays the manager's dev URLs; resolves with what was asked of it. */
async function playDevUrls(page: Page, host: string | null = 'dev.example'): Promise<unknown[]> {
  const asked: unknown[] = []
  let devUrls: DevUrl[] = []
  await page.route('**/api/v0/dev-urls**', async (route) => {
    const request = route.request()
    const method = request.method()
    const id = new URL(request.url()).pathname.split('/')[4] ?? ''
    const body = request.postDataJSON()
    if (method === 'GET') return await route.fulfill({ json: { host, devUrls } })
    asked.push([method, ...(id ? [id] : []), ...(body ? [body] : [])])
    if (method === 'DELETE') {
      devUrls = devUrls.filter((one) => one.id !== id)
      return await route.fulfill({ status: 204 })
    }
    if (method === 'PATCH') {
      devUrls = devUrls.map((one) => (one.id === id ? { ...one, access: body.access } : one))
      return await route.fulfill({ json: devUrls.find((one) => one.id === id) })
    }
    if (devUrls.some(({ port }) => port === body.port))
      return await route.fulfill({
        status: 409,
        json: { code: 'DEV_URL_EXISTS', message: 'port 8000 already has a URL' },
      })
    const { port, access } = body
    const url = `https://${port}-harbour-admin.dev.example/`
    const made: DevUrl = { id: `url${port}`, workspace: { id: body.workspace, name: 'harbour' }, port, access, url }
    devUrls = [...devUrls, made]
    await route.fulfill({ status: 201, json: made })
  })
  return asked
}

test('a port gets an address, is shared and loses it again', { skip }, async (t) => {
  const site = await fakeSite(t)
  site.workspaces.push(workspace('harbour'))
  const { page, complaints } = await openTab(t)
  const asked = await playDevUrls(page)
  await logIn(page, site.url)
  await page.getByRole('button', { name: 'More for harbour' }).click()
  await page.getByRole('button', { name: 'Dev URLs harbour' }).click()
  await page.getByRole('heading', { name: 'Dev URLs of harbour' }).waitFor()
  await page.getByLabel('Port', { exact: true }).fill('8000')
  await page.getByRole('button', { name: 'Add dev URL' }).click()
  const link = page.getByRole('link', { name: 'https://8000-harbour-admin.dev.example/' })
  await link.waitFor()
  assert.deepEqual(
    [await link.getAttribute('target'), await link.getAttribute('rel')],
    ['_blank', 'noopener noreferrer'],
  )
  await page.getByLabel('Port', { exact: true }).fill('8000')
  await page.getByRole('button', { name: 'Add dev URL' }).click()
  await page.getByText('port 8000 already has a URL').waitFor()
  await page.getByLabel('Who may open port 8000').selectOption('Everyone, without a login')
  await page.waitForFunction(() => document.querySelector('select')?.value === 'public')
  await page.getByRole('button', { name: 'Remove the dev URL of port 8000' }).click()
  await link.waitFor({ state: 'detached' })
  const wanted = { workspace: 'harbour000', port: 8000, access: 'private' }
  assert.deepEqual(asked, [
    ['POST', wanted],
    ['POST', wanted],
    ['PATCH', 'url8000', { access: 'public' }],
    ['DELETE', 'url8000'],
  ])
  assert.deepEqual(complaints, [])
  await page.reload()
  await page.getByRole('heading', { name: 'Dev URLs of harbour' }).waitFor()
})

test('a site without a host for dev URLs says so', { skip }, async (t) => {
  const site = await fakeSite(t)
  site.workspaces.push(workspace('harbour'))
  const { page } = await openTab(t)
  await playDevUrls(page, null)
  await logIn(page, site.url)
  await page.goto(`${site.url}/workspaces/harbour000/dev-urls`)
  await page.getByText('Not set up here').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Add dev URL' }).count(), 0)
})

test('the way to a dev URL goes on after the login, and no link leads elsewhere', { skip }, async (t) => {
  const site = await fakeSite(t)
  const { page } = await openTab(t)
  const arrived: string[] = []
  await page.route('**/auth/dev-url?**', async (route) => {
    arrived.push(new URL(route.request().url()).search)
    await route.fulfill({ contentType: 'text/html', body: '<h1>the dev URL</h1>' })
  })
  const next = '/auth/dev-url?label=8000-harbour-admin&state=x&to=%2F'
  const visit = (to: string) => page.goto(`${site.url}/?${new URLSearchParams({ next: to })}`)
  const password = async () => {
    await page.getByLabel('User name').fill('admin')
    await page.getByLabel('Password').fill('open sesame')
    await page.keyboard.press('Enter')
  }
  await visit(next)
  await password()
  await page.getByRole('heading', { name: 'the dev URL' }).waitFor()
  // who is logged in already is sent on at once
  await visit(next)
  await page.getByRole('heading', { name: 'the dev URL' }).waitFor()
  assert.deepEqual(arrived, [next.slice('/auth/dev-url'.length), next.slice('/auth/dev-url'.length)])
  for (const elsewhere of [
    'https://evil.example/',
    '//evil.example/auth/dev-url?x',
    '/\\evil.example/auth/dev-url?x',
    '/auth/dev-url/../../x?',
    'javascript:alert(1)//auth/dev-url?',
    '/api/v0/me',
  ]) {
    await visit(elsewhere)
    await page.getByRole('heading', { name: 'Workspaces', exact: true }).waitFor()
    assert.equal(page.url(), `${site.url}/`, elsewhere)
  }
  assert.equal(arrived.length, 2)
})
