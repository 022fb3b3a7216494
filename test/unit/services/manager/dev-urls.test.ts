import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkWorkspaceHosts, devUrlAddress } from '../../../../services/manager/dev-urls/address.ts'
import { editorLabel, labelOf, workspaceOfEditor } from '../../../../services/manager/dev-urls/label.ts'

test('a dev URL has scheme and port of the site', () => {
  const at = (accessUrl: string, devUrlsHost?: string) =>
    devUrlAddress('1-a-b', { accessUrl, devUrlsHost, editorsHost: undefined })
  assert.equal(at('https://cde.example', 'dev.example'), 'https://1-a-b.dev.example/')
  assert.equal(at('https://cde.example:8443/', 'dev.example'), 'https://1-a-b.dev.example:8443/')
  assert.equal(at('https://cde.example'), undefined)
})

test('a manager does not start where pages of workspaces would be pages of the site, or have no TLS', () => {
  const start = (devUrlsHost?: string, accessUrl = 'https://cde.example', editorsHost?: string) =>
    checkWorkspaceHosts({ accessUrl, devUrlsHost, editorsHost })
  start()
  for (const host of ['dev.example', 'dev.cde.example', 'other.test']) start(host)
  for (const host of ['ide.example', 'ide.cde.example', 'cde-ide.test']) start(undefined, undefined, host)
  start('dev.example', undefined, 'ide.example')
  start('dev.localhost', 'http://localhost:8080')
  for (const editors of [false, true]) {
    const at = (host: string, accessUrl?: string) => () =>
      editors ? start(undefined, accessUrl, host) : start(host, accessUrl)
    assert.throws(at('cde.example.test', 'https://cde.example.test'), /covers the site's own host/)
    assert.throws(at('dev.example', 'https://cde.dev.example'), /covers the site's own host/)
    assert.throws(at('dev.example', 'http://cde.example'), /https/)
    assert.throws(at('dev.localhost', 'http://cde.example'), /https/)
    for (const host of ['*.dev.example', 'example', 'dev.example:8443', 'Dev.example', `${'a.'.repeat(95)}a`, 'a..b'])
      assert.throws(at(host), /not a host name/, host)
  }
  for (const [devUrls, editors] of [
    ['dev.example', 'dev.example'],
    ['dev.example', 'ide.dev.example'],
    ['dev.ide.example', 'ide.example'],
  ] as const)
    assert.throws(() => start(devUrls, undefined, editors), /within one another/)
})

test('a name is port, workspace and user, as DNS can have it', () => {
  assert.equal(labelOf(8000, 'my-box', 'ada.b_c'), '8000-my-box-ada-b-c')
  assert.equal(labelOf(1, 'w'.repeat(28), 'u'.repeat(32)).length, 63)
  assert.throws(() => labelOf(10, 'w'.repeat(28), 'u'.repeat(32)), { code: 'DEV_URL_LABEL_LONG' })
  for (const port of [12212, 13337, 26337]) assert.throws(() => labelOf(port, 'a', 'b'), { code: 'DEV_URL_PORT' })
})

test('the label of an editor is no dev URL’s, and only an id of a workspace has one', () => {
  assert.equal(workspaceOfEditor(editorLabel('abcde12345')), 'abcde12345')
  assert.match(labelOf(8000, 'ide', 'abcde12345'), /^8000-/)
  for (const label of [
    '8000-ide-abcde12345',
    'ide-abcde1234',
    'ide-abcde123456',
    'ide-ABCDE12345',
    'ide-abcd.12345',
    'ide-',
  ])
    assert.equal(workspaceOfEditor(label), undefined, label)
})

test('an editor has a name of its own where names can be had, else its path at the host of all, else none', () => {
  const accessUrl = 'https://cde.example:8443'
  const at = (devUrlsHost?: string, editorsHost?: string) =>
    devUrlAddress('ide-abcde12345', { accessUrl, devUrlsHost, editorsHost })
  assert.equal(at('dev.example'), 'https://ide-abcde12345.dev.example:8443/')
  assert.equal(at('dev.example', 'ide.example'), 'https://ide-abcde12345.dev.example:8443/')
  assert.equal(at(undefined, 'ide.example'), 'https://ide.example:8443/abcde12345/')
  assert.equal(at(), undefined)
  assert.equal(devUrlAddress('1-a-b', { accessUrl, devUrlsHost: undefined, editorsHost: 'ide.example' }), undefined)
})
