import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { vsixOf } from '../fixtures/vsix.ts'
import { chromiumPath, logIn, noBrowser } from '../integration/dashboard/browser.ts'
import { installInEditor } from '../integration/serve/install-in-editor.ts'
import { type ServedExtensions, serveExtensions } from '../integration/serve/served-extensions.ts'
import type { User, Workspace } from '../lab/demo-user.ts'
import { devHost, host, type PlatformSite, startSite } from './platform-site.ts'

/** SSH wants port 22 of the node for itself, so this lab is its own. */
const run = promisify(execFile)

let site: PlatformSite
let ann: User
let box: Workspace
let key = ''
let extensions: ServedExtensions

before(async () => {
  site = await startSite({
    name: 'doors',
    dns: [`*.${devHost}`],
    values: async ({ lab, directory }) => {
      const bastion = join(directory, 'bastion')
      await mkdir(bastion)
      extensions = await serveExtensions(bastion, [vsixOf()], lab.bastionAddress)
      const galleryCA = await readFile(extensions.caPath, 'utf8')
      return { devurls: { host: devHost }, editors: { gallery: extensions.url, galleryCA } }
    },
  })
  ann = site.admin
  key = join(site.directory, 'id')
  const begun = performance.now()
  box = await ann.createWorkspace('my-box')
  await ann.waitForWorkspace(box.id, 180_000).catch(async (error: Error) => {
    console.log(await site.kubectl(['get', 'pods,events', '--output=wide']))
    throw error
  })
  await ann.runInTerminal(box.id, 'true')
  console.log(`workspace created to terminal used: ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  const added = await ann.request('POST', '/api/v0/ssh-keys', {
    name: 'laptop',
    key: (await readFile(`${key}.pub`, 'utf8')).trim(),
  })
  assert.equal(added.status, 201, JSON.stringify(added.body))
})

after(async () => {
  await extensions?.close()
  await site?.close()
})

const flags = (identity = key) => [
  ...['-F', '/dev/null', '-i', identity],
  ...[
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${site.directory}/known`,
  ].flatMap((option) => ['-o', option]),
]
const ssh = (args: string[], identity?: string) =>
  run('ssh', [...flags(identity), '-l', 'admin-my-box', site.lab.nodeAddress, ...args], { timeout: 60_000 }).then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => error.stderr,
  )

test('ssh through the load balancer runs a command as the developer, at home', async () => {
  const begun = performance.now()
  assert.equal(await ssh(['id -un; pwd; git --version | cut -d" " -f1']), 'coder\n/home/coder\ngit\n')
  console.log(`ssh command: ${Math.round(performance.now() - begun)} ms`)
})

test('sftp carries a file there and back', async () => {
  await writeFile(join(site.directory, 'up'), 'carried')
  await writeFile(join(site.directory, 'batch'), 'put up there\nget there down\n')
  await run('sftp', [...flags(), '-b', 'batch', `admin-my-box@${site.lab.nodeAddress}`], {
    cwd: site.directory,
    timeout: 60_000,
  })
  assert.equal(await readFile(join(site.directory, 'down'), 'utf8'), 'carried')
})

test('a forwarded port answers from inside the workspace', async (t) => {
  const child = execFile('ssh', [
    ...flags(),
    '-N',
    '-L',
    '127.0.0.1:26337:localhost:26337',
    '-l',
    'admin-my-box',
    site.lab.nodeAddress,
  ])
  t.after(() => child.kill())
  for (let i = 0; ; i += 1) {
    const answer = await fetch('http://127.0.0.1:26337/healthz').catch(() => undefined)
    if (answer) {
      assert.deepEqual(await answer.json(), { status: 'ok' })
      // the agent takes only who brings the manager's grant, wherever in the network they are
      const shell = await fetch('http://127.0.0.1:26337/shell')
      assert.deepEqual([shell.status, ((await shell.json()) as { code: string }).code], [403, 'GRANT_REFUSED'])
      return
    }
    if (i > 100) throw new Error('the forwarded port does not answer')
    await sleep(100)
  }
})

test('another key is refused', async () => {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${key}-other`])
  assert.match(await ssh(['true'], `${key}-other`), /Permission denied \(publickey\)/)
})

test('in Chromium the editor writes a file that the workspace has, and installs an extension of the site’s gallery', {
  skip: noBrowser,
}, async (t) => {
  await ssh(['echo -n > ~/notes.txt'])
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP *.sealift.test ${site.lab.nodeAddress}`],
  })
  t.after(() => browser.close())
  // the site's CA is in no browser of this machine
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const dashboard = await context.newPage()
  await logIn(dashboard, `https://${host}/`, 'admin', site.adminPassword)
  const begun = performance.now()
  const opened = context.waitForEvent('page')
  await dashboard.getByRole('link', { name: 'Open the editor of my-box' }).click()
  const page = await opened
  page.setDefaultTimeout(120_000)
  await page.waitForURL(`https://ide-${box.id}.${devHost}/**`)
  await page.goto(`https://ide-${box.id}.${devHost}/?folder=/home/coder`)
  await page.getByRole('treeitem', { name: 'notes.txt' }).dblclick()
  await page.locator('.monaco-editor .view-lines').first().click()
  console.log(`editor usable: ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  await page.keyboard.type('from the browser')
  await page.keyboard.press('Control+S')
  for (let i = 0; i < 100 && !(await ssh(['cat ~/notes.txt'])).includes('from the browser'); i += 1) await sleep(200)
  assert.match(await ssh(['cat ~/notes.txt']), /^from the browser/)
  await installInEditor(page)
  assert.match(await ssh(['ls ~/.local/share/code-server/extensions']), /^acme\.hello-1\.2\.3$/m)
  assert.match(await ssh([`curl --silent ${extensions.url}/vscode/gallery/acme/hello/latest`]), /"version":"1\.2\.3"/)
})

test('a rebuilt workspace has its home and its SSH server, and the site its host key', async () => {
  await site.kubectl(['delete', 'pod', '--selector=app.kubernetes.io/component=workspace', '--wait=true'])
  await site.kubectl(['rollout', 'restart', 'deployment/cde-envproxy'])
  await site.kubectl(['rollout', 'status', 'deployment/cde-envproxy', '--timeout=120s'])
  await ann.waitForWorkspace(box.id, 120_000)
  let seen = ''
  for (let i = 0; i < 40 && !/^from/.test(seen); i += 1) {
    seen = await ssh(['cat ~/notes.txt'])
    assert.doesNotMatch(seen, /HOST IDENTIFICATION HAS CHANGED/)
    await sleep(500)
  }
  assert.match(seen, /^from the browser/)
})
