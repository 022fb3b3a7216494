import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeServer } from '../../../manifests/images/code-server.ts'
import { type CodeServer, createCodeServer } from '../../../services/workspace/ide/code-server.ts'
import { vsixOf } from '../../fixtures/vsix.ts'
import { noBrowser, openTab } from '../dashboard/browser.ts'
import { installInEditor } from './install-in-editor.ts'
import { servedExtensions } from './served-extensions.ts'

/** The editor at a port, as it is behind the door of a workspace. */
async function editorAt(t: TestContext, editor: CodeServer): Promise<string> {
  const door = createServer({ allowHalfOpen: true }, async (client) => {
    client.on('error', () => {})
    const socket = await editor.connect()
    socket.on('error', () => client.destroy())
    client.pipe(socket)
    socket.pipe(client)
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  t.after(() => {
    editor.stop()
    door.close()
  })
  return `http://127.0.0.1:${(door.address() as AddressInfo).port}/`
}

/** Waits until something holds, half a minute at most: the editor goes on after its page has changed. */
async function until(holds: () => Promise<boolean>, found: () => Promise<string>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await holds()); await sleep(50)) assert.ok(Date.now() < end, await found())
}

test('who looks for an extension in the editor finds it and installs it, though the browser does not trust the gallery', {
  skip: noBrowser,
}, async (t) => {
  const site = await servedExtensions(t, [vsixOf(), vsixOf({ name: 'other', displayName: 'Something else' })])
  const home = join(site.directory, 'home')
  await mkdir(home)
  const editor = createCodeServer({
    entry: join(await codeServer(() => {}), 'out/node/entry.js'),
    runtime: site.directory,
    home,
    environment: { PATH: process.env.PATH as string, HOME: home, NODE_EXTRA_CA_CERTS: site.caPath },
    gallery: site.url,
    log: { info() {}, warn() {} },
  })
  const { page, context } = await openTab(t)
  page.setDefaultTimeout(60_000)
  await page.goto(await editorAt(t, editor))
  try {
    await installInEditor(page)
    const extensions = join(home, '.local/share/code-server/extensions')
    const installed = async () => (await readdir(extensions).catch(() => [])).sort().join()
    await until(async () => (await installed()) === 'acme.hello-1.2.3,extensions.json', installed)
    const isReadme = (line: string) => line.startsWith('200 ') && line.endsWith('.Content.Details')
    await until(
      async () => site.asked.some(isReadme),
      async () => site.asked.join('\n'),
    )
    assert.equal(await page.getByText('Something else').count(), 0, 'what was not looked for')
  } finally {
    // it writes into its home until it has ended, and the home goes first
    await context.close()
    editor.stop()
  }
})
