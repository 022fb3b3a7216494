import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logIn, noBrowser, openTab, picture } from './browser.ts'
import { fakeSite, workspace } from './fake-site.ts'

const skip = noBrowser

test('the editor opens at its own address, in a tab that cannot reach back', { skip }, async (t) => {
  const site = await fakeSite(t)
  const other = { id: 'someoneels', username: 'eve' }
  site.workspaces.push(workspace('harbour'), workspace('quay', { status: 'OFF' }), workspace('pier', { owner: other }))
  const { page, context, complaints } = await openTab(t)
  await context.route('https://*.dev.example/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<h1>the editor</h1>' }),
  )
  await logIn(page, site.url)
  await page.getByRole('row', { name: 'pier' }).waitFor()
  const editors = page.getByRole('link', { name: /^Open the editor of/ })
  assert.equal(await editors.count(), 1, 'of workspaces that run, for their owner')
  const opened = context.waitForEvent('page')
  await editors.click()
  const tab = await opened
  await tab.getByRole('heading', { name: 'the editor' }).waitFor()
  assert.equal(tab.url(), 'https://ide-harbour000.dev.example/')
  assert.deepEqual(await tab.evaluate(() => [window.opener, document.referrer]), [null, ''])
  assert.deepEqual(complaints, [])
})

test('a site without a host for editors says why, and what turns them on', { skip }, async (t) => {
  const site = await fakeSite(t)
  const editorOff = {
    code: 'EDITOR_OFF',
    message: 'this site has no host name for editors',
    fix: 'an operator sets devurls.host or editors.host of the chart',
  }
  site.workspaces.push(workspace('harbour', { editorUrl: null, editorOff }))
  const { page, context } = await openTab(t)
  await logIn(page, site.url)
  const button = page.getByRole('button', { name: 'Open the editor of harbour' })
  assert.equal(await button.getAttribute('aria-disabled'), 'true')
  assert.match((await button.getAttribute('title')) ?? '', /editors\.host/)
  await button.click({ force: true })
  await page.getByRole('alert').getByText('an operator sets devurls.host or editors.host of the chart').waitFor()
  assert.equal(context.pages().length, 1)
  await picture(page, 'editor-off')
})
