import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { LookupFunction } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { WebSocket } from 'ws'
import { chromiumPath, noBrowser } from '../integration/dashboard/browser.ts'
import { issueCertificate } from '../lab/certificates.ts'
import { type CookieJar, createCookieJar } from '../lab/cookie-jar.ts'
import type { User, Workspace } from '../lab/demo-user.ts'
import { devHost, host, type PlatformSite, startSite } from './platform-site.ts'

const port = 8000
const url = `https://${port}-my-box-admin.${devHost}/`
const password = 'a password of some length'

let site: PlatformSite
let ann: User
let box: Workspace
let id = ''
/** browsers of the owner and of somebody else, both logged in at the site */
let owner: CookieJar
let other: CookieJar

/** Says what reached it, and accepts WebSockets. */
const server = `
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
const server = createServer((request, answer) => {
  answer.setHeader('set-cookie', 'mine=1; Domain=sealift.test; Path=/')
  answer.setHeader('content-type', 'text/html')
  answer.end('<h1>in the workspace</h1><pre>' + JSON.stringify({ url: request.url, headers: request.headers }) + '</pre>')
})
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
  socket.write('HTTP/1.1 101 x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
  socket.write(Buffer.from([0x81, 2, 0x68, 0x69]))
})
server.listen(${port}, '0.0.0.0')
`

before(async () => {
  site = await startSite({
    name: 'devurls',
    async values({ authority, directory, kubectl }) {
      const names = { commonName: devHost, dns: [`*.${devHost}`], usage: ['serverAuth'] as const }
      const { certificateFile, keyFile } = await issueCertificate(authority, directory, 'dev-urls', {
        ...names,
        usage: [...names.usage],
      })
      await kubectl(['create', 'secret', 'tls', 'cde-dev-tls', `--cert=${certificateFile}`, `--key=${keyFile}`])
      return { devurls: { host: devHost }, ingress: { tls: { devurlsHostSecretName: 'cde-dev-tls' } } }
    },
  })
  ann = site.admin
  const added = await ann.request('POST', '/api/v0/users', { username: 'bob', password })
  assert.equal(added.status, 201, JSON.stringify(added.body))
  box = await ann.createWorkspace('my-box')
  await ann.waitForWorkspace(box.id, 180_000)
  const script = Buffer.from(server).toString('base64')
  await ann.runInTerminal(box.id, `echo ${script} | base64 -d > s.mjs; setsid nohup node s.mjs > s.log 2>&1 & sleep 1`)
  owner = await loggedIn('admin', site.adminPassword)
  other = await loggedIn('bob', password)
})

after(async () => {
  for (const jar of [owner, other]) await jar?.close()
  await site?.close()
})

async function loggedIn(username: string, secret: string): Promise<CookieJar> {
  const jar = createCookieJar(site.platform)
  const { status } = await jar.ask('POST', `https://${host}/auth/basic/login`, { body: { username, password: secret } })
  assert.equal(status, 200)
  return jar
}

const share = async (access: string) => {
  const { status } = await ann.request('PATCH', `/api/v0/dev-urls/${id}`, { access })
  assert.equal(status, 200)
}

/** What the envproxy knows of a dev URL is up to ten seconds old. */
async function eventually(check: () => Promise<boolean>): Promise<void> {
  const begun = performance.now()
  while (!(await check())) {
    if (performance.now() - begun > 60_000) throw new Error('it did not come to that')
    await sleep(500)
  }
  console.log(`took effect after ${((performance.now() - begun) / 1000).toFixed(1)} s`)
}

test('its owner reaches the server on a port of a workspace, which sees nothing of the site', async () => {
  const made = await ann.request('POST', '/api/v0/dev-urls', { workspace: box.id, port })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const answer = made.body as { id: string; url: string; access: string }
  assert.deepEqual([answer.url, answer.access], [url, 'private'])
  id = answer.id
  const steps = await owner.visit(`${url}a?b=c`)
  assert.deepEqual(
    steps.map((step) => [new URL(step.url).host, new URL(step.url).pathname, step.status]),
    [
      [new URL(url).host, '/a', 302],
      [host, '/auth/dev-url', 303],
      [new URL(url).host, '/.cde/enter', 302],
      [new URL(url).host, '/a', 200],
    ],
  )
  const page = steps.at(-1)?.body ?? ''
  assert.match(page, /in the workspace.*"url":"\/a\?b=c"/s)
  assert.match(page, new RegExp(`"host":"${new URL(url).host}"`))
  assert.match(page, /"x-forwarded-proto":"https"/)
  assert.doesNotMatch(page, /session_token|__Host-cde|ticket/)
  assert.match(owner.cookies(new URL(url).host), /mine=1/)
})

test('a WebSocket opens for the owner from its own page, and for no other page', async () => {
  const { host: name } = new URL(url)
  const lookup: LookupFunction = (_host, options, callback) =>
    options.all
      ? callback(null, [{ address: site.lab.nodeAddress, family: 4 }])
      : callback(null, site.lab.nodeAddress, 4)
  const open = (origin: string) =>
    new WebSocket(`wss://${name}/live`, {
      ca: site.platform.ca,
      lookup,
      origin,
      headers: { cookie: owner.cookies(name) },
    })
  const own = open(url.slice(0, -1))
  const [message] = await once(own, 'message')
  assert.equal(String(message), 'hi')
  own.terminate()
  const foreign = open(`https://${host}`)
  const [, response] = await once(foreign, 'unexpected-response')
  assert.equal(response.statusCode, 403)
  foreign.on('error', () => {})
  foreign.terminate()
})

test('a second user does not, nor does anyone who is not logged in', async () => {
  const steps = await other.visit(url)
  assert.deepEqual([steps.at(-1)?.status, new URL(steps.at(-1)?.url ?? '').host], [404, host])
  const nobody = createCookieJar(site.platform)
  const away = await nobody.visit(url)
  assert.equal(new URL(away.at(-1)?.url ?? '').searchParams.get('next')?.startsWith('/auth/dev-url?'), true)
  for (const { body } of [...steps, ...away]) assert.doesNotMatch(body, /in the workspace/)
  await nobody.close()
})

test('in Chromium the login stands between the address and the page', { skip: noBrowser }, async (t) => {
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP *.sealift.test ${site.lab.nodeAddress}`],
  })
  t.after(() => browser.close())
  // the site's CA is in no browser of this machine
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(`${url}from/a/link`)
  await page.getByLabel('User name').fill('admin')
  await page.getByLabel('Password').fill(site.adminPassword)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'in the workspace' }).waitFor()
  assert.equal(page.url(), `${url}from/a/link`)
  const cookies = await context.cookies()
  const visitor = cookies.find(({ name }) => name === '__Host-cde_visitor')
  assert.deepEqual(
    [visitor?.domain, visitor?.httpOnly, visitor?.secure, visitor?.sameSite],
    [new URL(url).host, true, true, 'Lax'],
  )
  // another site's link: the session's cookie is strict, and the dashboard itself must send the person on
  await context.clearCookies({ domain: new URL(url).host })
  await page.goto('data:text/html,<p>elsewhere</p>')
  await page.evaluate((to) => location.assign(to), url)
  await page.getByRole('heading', { name: 'in the workspace' }).waitFor()
  assert.equal(page.url(), url)
})

test('shared with all who are logged in, then with everyone, then with nobody again', async () => {
  await share('authed')
  assert.equal((await other.visit(url)).at(-1)?.status, 200)
  const nobody = createCookieJar(site.platform)
  await share('public')
  await eventually(async () => (await nobody.ask('GET', url)).status === 200)
  assert.equal((await nobody.ask('POST', `${url}form`, { body: {} })).status, 200)
  await share('private')
  await eventually(async () => (await nobody.ask('GET', url)).status === 302)
  await eventually(async () => (await other.visit(url)).at(-1)?.status === 404)
  assert.equal((await owner.visit(url)).at(-1)?.status, 200)
  await nobody.close()
})

test('a dev URL that is removed leads nowhere', async () => {
  assert.equal((await ann.request('DELETE', `/api/v0/dev-urls/${id}`)).status, 204)
  await eventually(async () => (await owner.visit(url)).at(-1)?.status === 404)
})
