import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import { chromiumPath } from '../integration/dashboard/browser.ts'
import { type User, type Workspace, withSession } from '../lab/demo-user.ts'
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts'
import { devHost, host, type PlatformSite, startSite } from './platform-site.ts'
import { ask, assertApiRefuses, assertEditorRefuses, assertTerminalRefuses, belongings } from './second-user.ts'
import { assertGapless, countAloud, counted, openTerminal, type Terminal } from './terminal.ts'
import { watchUpdates } from './watch-updates.ts'

const run = promisify(execFile)
/** of one test, in milliseconds: a browser that hangs must not hold the run */
const limit = { timeout: 300_000 }
const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

/** How long a deleted envproxy may live on here, and what the chart leaves of it for sessions; seconds. */
const grace = { whole: 30, sessions: 15 }

let site: PlatformSite
let provider: IdentityProvider | undefined
let browser: Browser | undefined
/** logs in at the identity provider */
let ann: User
let box: Workspace
/** logs in with a password */
let ben: User
let bensPage: Page
let nook: Workspace
let den: Workspace
/** ann's terminal, open until the evening, and the envproxy that it goes through */
let steady: { terminal: Terminal; pod: string }
/** when ben used his nook last, as performance.now() tells it */
let lastUse = Number.NaN

before(async () => {
  const begun = performance.now()
  site = await startSite({
    name: 'day',
    dns: [`*.${devHost}`],
    async values({ lab, directory, authority, kubectl }) {
      provider = await startIdentityProvider({
        address: lab.bastionAddress,
        directory,
        authority,
        callback: `https://${host}/auth/oidc/callback`,
      })
      const { issuer, clientId, clientSecret } = provider
      await kubectl(['create', 'secret', 'generic', 'cde-oidc', `--from-literal=client-secret=${clientSecret}`])
      await kubectl(['create', 'secret', 'generic', 'cde-ca', `--from-file=ca.crt=${authority.certificateFile}`])
      const peers = [{ ipBlock: { cidr: `${lab.bastionAddress}/32` } }]
      return {
        devurls: { host: devHost },
        manager: { replicas: 2 },
        envproxy: { replicas: 2, terminationGracePeriodSeconds: grace.whole },
        certs: { secret: 'cde-ca' },
        oidc: { issuer, clientId, secretName: 'cde-oidc', peers },
      }
    },
  })
  browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP *.sealift.test ${site.lab.nodeAddress}`],
  })
  console.log(`site and platform up: ${seconds(begun)}`)
})

after(async () => {
  steady?.terminal.cut()
  await browser?.close()
  for (const user of [ann, ben]) await user?.close()
  provider?.stop()
  await site?.close()
})

/** A browser of its own on the login page; the site's CA is in no browser of this machine. */
async function visit() {
  const context = await (browser as Browser).newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  await page.goto(`https://${host}/`)
  return { context, page }
}

async function loggedIn({ context, page }: Awaited<ReturnType<typeof visit>>): Promise<User> {
  await page.getByRole('button', { name: 'Log out' }).waitFor()
  const cookie = (await context.cookies()).find(({ name }) => name === '__Host-session_token')
  assert.deepEqual([cookie?.httpOnly, cookie?.secure, cookie?.sameSite], [true, true, 'Strict'])
  return withSession(site.platform, cookie?.value ?? '')
}

const pods = async (component: string) =>
  (await site.kubectl(['get', 'pods', `--selector=app.kubernetes.io/component=${component}`, '-o=name']))
    .split(/\s+/)
    .filter(Boolean)

/** Opens a terminal and tells through which envproxy it goes. */
async function openSomewhere(user: User, workspace: string, session?: string): Promise<typeof steady> {
  const replicas = await pods('envproxy')
  const sessionsOf = async (pod: string) => (await site.kubectl(['logs', pod])).split('"session opened"').length
  const before = await Promise.all(replicas.map(sessionsOf))
  const terminal = await openTerminal(user, workspace, session)
  for (let i = 0; i < 20; i += 1) {
    const now = await Promise.all(replicas.map(sessionsOf))
    const pod = replicas.find((_, at) => now[at] !== before[at])
    if (pod !== undefined) return { terminal, pod }
    await sleep(100)
  }
  throw new Error('no envproxy tells of the session')
}

const sql = (statement: string) =>
  site.kubectl(['exec', 'cde-postgres-17-0', '--', 'psql', '-U', 'cde', '-d', 'cde', '-qAt', '-c', statement])

/** Sets the last use of a workspace back by so many seconds: what the API allows to wait for is minutes. */
const setBack = ({ id }: Workspace, by: number) =>
  sql(`UPDATE workspaces SET last_active_at = now() - interval '${by} s' WHERE id = '${id}'`)

/** names and restarts of a component's pods */
const restarts = (component: string) =>
  site.kubectl([
    'get',
    'pods',
    `--selector=app.kubernetes.io/component=${component}`,
    '-o=jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].restartCount}{"\\n"}{end}',
  ])

const keyOf = (name: string) => join(site.directory, name)

/** What OpenSSH says to a command in a workspace, with ben's key. */
async function ssh(login: string): Promise<string> {
  const options = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=accept-new']
  const known = `UserKnownHostsFile=${site.directory}/known`
  const flags = ['-F', '/dev/null', '-i', keyOf('ben'), ...[...options, known].flatMap((option) => ['-o', option])]
  return await run('ssh', [...flags, '-l', login, site.lab.nodeAddress, 'cat notes.txt'], { timeout: 30_000 }).then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => error.stderr,
  )
}

test('ann logs in with the account of her organization, ben with a password, each in Chromium', limit, async () => {
  const begun = performance.now()
  const hers = await visit()
  await hers.page.getByRole('link', { name: 'Log in with your organization' }).click()
  assert.equal(new URL(hers.page.url()).origin, provider?.issuer)
  await hers.page.locator('input[name=login]').fill('ann')
  await hers.page.locator('input[name=password]').fill('of no importance')
  await hers.page.getByRole('button', { name: 'Sign-in' }).click()
  await hers.page.getByRole('button', { name: 'Continue' }).click()
  ann = await loggedIn(hers)
  assert.equal(new URL(hers.page.url()).origin, `https://${host}`)
  console.log(`OIDC login in Chromium: ${seconds(begun)}`)
  const { username, role } = await ask<{ username: string; role: string }>(ann, 200, 'GET', '/api/v0/me')
  assert.deepEqual([username, role], ['ann', 'site-member'])
  await hers.context.close()

  const login = { username: 'ben', password: 'a password of some length' }
  await ask(site.admin, 201, 'POST', '/api/v0/users', login)
  const his = await visit()
  await his.page.getByLabel('User name').fill(login.username)
  await his.page.getByLabel('Password').fill(login.password)
  await his.page.getByRole('button', { name: 'Log in', exact: true }).click()
  ben = await loggedIn(his)
  bensPage = his.page
})

test('both create workspaces and work in a terminal', limit, async () => {
  const size = { cpu: 0.25, memoryGiB: 1, diskGiB: 1, autoOffMinutes: 5 }
  const begun = performance.now()
  const create = async (user: User, name: string) => {
    const made = await ask<Workspace>(user, 201, 'POST', '/api/v0/workspaces', { name, ...size })
    await user.waitForWorkspace(made.id, 120_000)
    await user.runInTerminal(made.id, `echo notes of ${name} >notes.txt`)
    return made
  }
  ;[box, nook, den] = await Promise.all([create(ann, 'box'), create(ben, 'nook'), create(ben, 'den')])
  console.log(`three workspaces created to terminals used: ${seconds(begun)}`)
})

test("ben is refused on every path to what is ann's, and nothing of hers changes", limit, async () => {
  for (const [name, user] of Object.entries({ ann, ben })) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyOf(name)])
    const key = (await readFile(`${keyOf(name)}.pub`, 'utf8')).trim()
    await ask(user, 201, 'POST', '/api/v0/ssh-keys', { name, key })
  }
  await ask(ann, 201, 'POST', '/api/v0/api-keys', { name: 'hers', scopes: ['workspaces:read'], days: 1 })
  const { id } = await ask<Workspace>(site.admin, 201, 'POST', '/api/v0/organizations', { name: 'other' })
  const hers = await belongings(ann)
  const operations = await assertApiRefuses(ben, ann, id)
  console.log(`operations of the API refused: ${operations}`)
  await assertTerminalRefuses(ben, nook, box)
  await assertEditorRefuses(bensPage, nook, box)
  assert.equal(await ssh('ben-nook'), 'notes of nook\n')
  for (const name of ['ann-box', 'ben-box']) assert.match(await ssh(name), /Permission denied/)
  assert.deepEqual(await belongings(ann), hers)
  assert.match(await ann.runInTerminal(box.id, 'cat notes.txt'), /notes of box/)
  lastUse = performance.now()
})

test('a terminal survives a cut connection, also one that hangs, and shows what was missed', limit, async () => {
  const first = await openTerminal(ann, box.id)
  first.type(countAloud)
  await first.until(/<5>/)
  first.cut()
  await first.ended
  await sleep(2_000)
  const begun = performance.now()
  const second = await openTerminal(ann, box.id, first.session)
  await assertGoesOn(first, second)
  console.log(`terminal back after a cut: ${seconds(begun)}`)
  // as a notebook that was closed: nobody ends the connection, and nobody reads from it
  second.hang()
  await sleep(1_000)
  steady = await openSomewhere(ann, box.id, first.session)
  await assertGoesOn(second, steady.terminal)
  second.cut()
})

/** The same session on another connection: what was shown meanwhile, and what comes now. */
async function assertGoesOn(before: Terminal, after: Terminal): Promise<void> {
  assert.deepEqual([after.session, after.resumed], [before.session, true])
  const last = counted(before.shown()).at(-1) ?? 0
  await after.until(new RegExp(`<${last + 12}>`))
  assertGapless(after.shown())
  assert.ok((counted(after.shown())[0] ?? Number.NaN) <= last + 1)
}

test('an envproxy that is deleted drains; sessions of the other go on, and new ones always open', limit, async () => {
  let leaving = await openSomewhere(ben, den.id)
  for (let i = 0; leaving.pod === steady.pod; i += 1) {
    assert.ok(i < 10, 'every session goes through the same envproxy')
    leaving.terminal.close()
    leaving = await openSomewhere(ben, den.id)
  }
  const { terminal, pod } = leaving
  terminal.type(countAloud)
  await terminal.until(/<2>/)
  const deleted = performance.now()
  let gone = Number.NaN
  terminal.ended.then((at) => {
    gone = (at - deleted) / 1000
  })
  await site.kubectl(['delete', pod, '--wait=false'])
  let opened = 0
  while (Number.isNaN(gone) || performance.now() - deleted < (gone + 3) * 1000) {
    assert.ok(performance.now() - deleted < 60_000, 'the deleted envproxy never ends')
    const [shown, notes] = await Promise.all([ben.runInTerminal(den.id, 'cat notes.txt'), ssh('ben-den')])
    assert.match(shown, /notes of den/)
    assert.equal(notes, 'notes of den\n')
    opened += 2
    await sleep(500)
  }
  console.log(`deleted envproxy: its session went on for ${gone.toFixed(1)} s, ${opened} new ones opened meanwhile`)
  assert.ok(gone >= grace.sessions && gone <= grace.whole, `cut after ${gone} s`)
  assertGapless(terminal.shown())
  const back = await openTerminal(ben, den.id, terminal.session)
  await assertGoesOn(terminal, back)
  await back.interruptAndExit()
  assert.ok(steady.terminal.open())
  assertGapless(steady.terminal.shown())
})

test(
  'a workspace that nobody uses turns off, one with a terminal at work does not, and a start brings the home back',
  limit,
  async () => {
    // due in 45 s: the envproxy tells of its use every 30 s, the manager looks every 10 s
    await setBack(box, 255)
    const due = performance.now() + 45_000
    // envproxies tell of a use within 30 s, and again 30 s later what nobody heard
    await sleep(Math.max(0, lastUse + 65_000 - performance.now()))
    await setBack(nook, 3600)
    const begun = performance.now()
    const status = async ({ id }: Workspace) =>
      (await ask<Workspace>(site.admin, 200, 'GET', `/api/v0/workspaces/${id}`)).status
    while ((await status(nook)) !== 'OFF') {
      assert.ok(performance.now() - begun < 30_000, 'an idle workspace stays on')
      await sleep(250)
    }
    console.log(`idle workspace off after ${seconds(begun)}`)
    const started = performance.now()
    await ask(ben, 200, 'POST', `/api/v0/workspaces/${nook.id}/start`)
    await ben.waitForWorkspace(nook.id, 60_000)
    assert.match(await ben.runInTerminal(nook.id, 'cat notes.txt'), /notes of nook/)
    console.log(`started again to terminal used: ${seconds(started)}`)
    await sleep(Math.max(0, due + 15_000 - performance.now()))
    assert.equal(await status(box), 'ON')
    assert.ok(steady.terminal.open())
    assertGapless(steady.terminal.shown())
  },
)

test('PostgreSQL is restarted: the API is back by itself, and nothing else noticed', limit, async (t) => {
  const managers = await restarts('manager')
  const [hers, his] = [await belongings(ann), await belongings(ben)]
  const watches = Array.from({ length: 4 }, () => watchUpdates(ben))
  t.after(() => {
    for (const watch of watches) watch.close()
  })
  await Promise.all(watches.map((watch) => watch.sees(nook.id, ({ autoOffMinutes }) => autoOffMinutes === 5, 10_000)))
  const last = counted(steady.terminal.shown()).at(-1) ?? 0
  const answers = () =>
    ann.request('GET', '/api/v0/workspaces').then(
      ({ status }) => status === 200,
      () => false,
    )

  const deleted = performance.now()
  await site.kubectl(['delete', 'pod', 'cde-postgres-17-0', '--wait=false'])
  while (await answers()) {
    assert.ok(performance.now() - deleted < 30_000, 'PostgreSQL did not go away')
    await sleep(100)
  }
  const lost = performance.now()
  while (!(await answers())) {
    assert.ok(performance.now() - lost < 60_000, 'the API did not come back within a minute')
    await sleep(250)
  }
  console.log(
    `PostgreSQL restarted: the API was away for ${seconds(lost)}, back ${seconds(deleted)} after the deletion`,
  )

  await ask(ben, 200, 'PATCH', `/api/v0/workspaces/${nook.id}`, { autoOffMinutes: 6 })
  const changed = performance.now()
  await Promise.all(watches.map((watch) => watch.sees(nook.id, ({ autoOffMinutes }) => autoOffMinutes === 6, 15_000)))
  console.log(`watchers heard of a change after ${seconds(changed)}`)
  await ask(ben, 200, 'PATCH', `/api/v0/workspaces/${nook.id}`, { autoOffMinutes: 5 })
  assert.deepEqual(await belongings(ann), hers)
  assert.deepEqual(await belongings(ben), his)
  const counting = steady.terminal
  await counting.until(new RegExp(`<${last + Math.floor((performance.now() - deleted) / 250)}>`))
  assert.ok(counting.open())
  assertGapless(counting.shown())
  assert.equal(await restarts('manager'), managers)
})
