import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { noBrowser, openTab, picture } from '../dashboard/browser.ts'
import { evilUrl, shapes, startBrowserSite } from './browser-site.ts'
import { annEditor, eveEditor, siteUrl } from './dev-url-site.ts'

const skip = noBrowser

/** A workspace's page; its script may do what it likes. */
function inside({ url = '' }: IncomingMessage, answer: ServerResponse): void {
  if (url.includes('.js'))
    return void answer.writeHead(200, { 'content-type': 'text/javascript', 'service-worker-allowed': '/' }).end('')
  answer.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': 'frame-ancestors *' })
  answer.end('<!doctype html><title>editor</title><h1>an editor</h1><p>the page of a workspace')
}

for (const shape of shapes) {
  test(`${shape}: the editor opens from the dashboard, at an origin from which the site is out of reach`, {
    skip,
  }, async (t) => {
    const site = await startBrowserSite(t, shape, inside)
    const { page, context } = await openTab(t, 'light', site.arguments)
    await page.goto(`${siteUrl}/login?as=ann`)
    await page.getByRole('link', { name: 'editor of ann' }).click()
    await page.getByRole('heading', { name: 'an editor' }).waitFor()
    assert.equal(page.url(), site.addressOf(annEditor))
    await picture(page, `editor-${shape.replace(' ', '-')}`)
    const cookies = await context.cookies()
    assert.ok(
      cookies.every(
        ({ name, path, httpOnly, secure }) => name.startsWith('__Host-') && path === '/' && httpOnly && secure,
      ),
    )
    const seen = await page.evaluate(
      async (home) => [
        document.cookie,
        await fetch(`${home}/api/v0/me`, { credentials: 'include' }).then((answer) => answer.text(), String),
        await new Promise((resolve) => {
          const socket = new WebSocket(location.href.replace('https', 'wss'))
          socket.onopen = () => socket.send('hello')
          socket.onmessage = ({ data }) => resolve(data)
          socket.onerror = () => resolve('no WebSocket')
        }),
      ],
      siteUrl,
    )
    assert.deepEqual([seen[0], seen[2]], ['', 'hello'])
    assert.match(String(seen[1]), /TypeError/, 'no page of a workspace reads what the site answers')
  })

  test(`${shape}: who follows an attacker’s link never sees the attacker’s workspace, and stays who they are`, {
    skip,
  }, async (t) => {
    const site = await startBrowserSite(t, shape, inside)
    const link = await site.ticketLink(eveEditor, 'eve')
    const victim = await openTab(t, 'light', site.arguments)
    await victim.page.goto(`${siteUrl}/login?as=ann`)
    for (const visit of [
      () => victim.page.goto(link),
      async () => {
        // with a login of her own begun there, and from another site's page
        await victim.page.goto(site.addressOf(eveEditor))
        site.setEvil(`<a href="${link}">a present</a>`)
        await victim.page.goto(evilUrl)
        await victim.page.getByRole('link').click()
        await victim.page.waitForURL('**/.cde/enter**')
      },
    ]) {
      await visit()
      assert.match(await victim.page.content(), /made for another browser/)
      assert.deepEqual(site.pages(), [], 'the workspace of the attacker')
    }
    await victim.page.goto(site.addressOf(eveEditor))
    assert.equal(new URL(victim.page.url()).origin, siteUrl, 'nor by the address alone')
    await victim.page.goto(`${siteUrl}/`)
    assert.match(await victim.page.content(), /logged in as ann/)
  })

  test(`${shape}: no other page frames the editor`, { skip }, async (t) => {
    const site = await startBrowserSite(t, shape, inside)
    const { page } = await openTab(t, 'light', site.arguments)
    await page.goto(`${siteUrl}/login?as=ann`)
    await page.goto(site.addressOf(annEditor))
    const before = site.pages()
    site.setEvil(`<iframe src="${site.addressOf(annEditor)}"></iframe><img src="${site.addressOf(annEditor)}x.png">`)
    await page.goto(evilUrl, { waitUntil: 'load' })
    for (const frame of page.frames().slice(1)) assert.doesNotMatch(await frame.content().catch(() => ''), /an editor/)
    assert.deepEqual(site.pages(), before, 'the workspace does not even hear of it')
    // its own pages do: an editor's previews are frames
    await page.goto(site.addressOf(annEditor))
    const framed = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const frame = document.createElement('iframe')
          frame.src = 'inner'
          frame.onload = () => resolve(frame.contentDocument?.querySelector('h1')?.textContent)
          document.body.append(frame)
        }),
    )
    assert.equal(framed, 'an editor')
  })
}

test('one host: a service worker is for its own workspace, and the next person finds nothing stored', {
  skip,
}, async (t) => {
  const site = await startBrowserSite(t, 'one host', inside)
  const { page } = await openTab(t, 'light', site.arguments)
  await page.goto(`${siteUrl}/login?as=ann`)
  await page.goto(site.addressOf(annEditor))
  const register = (scope: string) =>
    page.evaluate(
      (wanted) =>
        navigator.serviceWorker.register('worker.js', { scope: wanted }).then(
          (registered) => new URL(registered.scope).pathname,
          (error) => error.name,
        ),
      scope,
    )
  assert.equal(await register('/'), 'SecurityError', 'that of all workspaces')
  assert.equal(await register(`/${eveEditor.workspace}/`), 'SecurityError')
  assert.equal(await register('./'), `/${annEditor.workspace}/`)
  await page.evaluate(() => localStorage.setItem('note', 'of ann'))
  const stored = () =>
    page.evaluate(async () => [localStorage.getItem('note'), (await navigator.serviceWorker.getRegistrations()).length])
  assert.deepEqual(await stored(), ['of ann', 1])
  await page.goto(`${siteUrl}/login?as=eve`)
  await page.goto(site.addressOf(eveEditor))
  await page.getByRole('heading', { name: 'an editor' }).waitFor()
  assert.deepEqual(await stored(), [null, 0])
  await page.goto(site.addressOf(annEditor))
  assert.equal(new URL(page.url()).origin, siteUrl, 'ann’s workspace is not shown in what is eve’s browser now')
})
