import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { readAnswers } from '../../installer/src/answers/read.ts'
import { defaultStateDir } from '../../installer/src/install/open.ts'
import { passWebSocketsOn } from '../../installer/src/install/websocket.ts'
import { everyObject, nameOf } from '../lab/bare.ts'
import { type DemoSummary, runDemo } from '../lab/demo.ts'
import { host } from '../lab/demo-ground.ts'
import { runSealift, startSealift } from '../lab/demo-sealift.ts'
import { logIn, type User } from '../lab/demo-user.ts'
import type { Lab } from '../lab/lab.ts'
import { type OnBorrowedLab, onBorrowedLab } from './borrowed-lab.ts'
import { startDeafProxy } from './provocations/deaf-proxy.ts'
import { startNameServer } from './provocations/name-server.ts'
import { runAsking } from './run-asking.ts'
import { ask } from './second-user.ts'

let demo: OnBorrowedLab<DemoSummary>
/** all objects of the cluster before anything was installed */
let bare: string[]

before(
  async () => {
    demo = await onBorrowedLab(async (options, lab) => {
      bare = await objects(await lab)
      return await runDemo(options)
    })
  },
  { timeout: 30 * 60_000 },
)

after(async () => {
  if (demo) await rm(state(), { recursive: true, force: true })
  await demo?.close()
})

const objects = async (lab: Lab) => (await everyObject(lab)).map(nameOf).sort()
const state = () => defaultStateDir(readAnswers(demo.files.answers))
const uninstall = (...flags: string[]) => ['uninstall', `--answers=${demo.files.answers}`, ...flags]
const install = async () => {
  const { exitCode, stderr } = await runSealift(['install', '--headless', '--answers', demo.files.answers])
  assert.equal(exitCode, 0, stderr)
}

/** What a person finds again: who there is, and the workspaces. */
async function remembered(user: User) {
  const users = await ask<{ username: string; id: string }[]>(user, 200, 'GET', '/api/v0/users')
  const workspaces = await ask<{ id: string; name: string }[]>(user, 200, 'GET', '/api/v0/workspaces')
  const short = <T extends { id: string }>({ id }: T) => id
  return { users: users.map(short).sort(), workspaces: workspaces.map(short).sort() }
}

test('the status says that everything runs; where something does not, what it is', async (t) => {
  const status = (...flags: string[]) => runSealift(['status', `--answers=${demo.files.answers}`, ...flags])
  const fine = await status()
  console.log(fine.stdout)
  assert.equal(fine.exitCode, 0, fine.stderr)
  const { lines } = JSON.parse((await status('--json')).stdout)
  const wrong = lines.filter(({ state }: { state: string }) => state !== 'passed').map(({ id }: { id: string }) => id)
  // the lab's volumes are directories, of which nobody knows how full they are; events tell of a busy machine
  assert.deepEqual(
    wrong.filter((id: string) => id !== 'events'),
    ['database-use', 'backups'],
  )

  const undo = new AsyncDisposableStack()
  t.after(() => undo.disposeAsync())
  // a loopback address that nobody else listens at
  const before = '127.0.0.79'
  await startDeafProxy(undo, { host, address: before, behind: await demo.site.ingressAddress() })
  undo.defer((await startNameServer((name) => (name === host ? before : undefined), before, 53)).stop)
  const deaf = await runAsking(before, demo.files.bastion, ['status', `--answers=${demo.files.answers}`, '--json'])
  assert.equal(deaf.exitCode, 6)
  assert.deepEqual(
    JSON.parse(deaf.stdout).lines.filter(({ id }: { id: string }) => id === 'websocket'),
    [
      {
        ...{ id: 'websocket', title: `WebSockets through ${before}, where DNS leads ${host}`, state: 'failed' },
        ...{ level: 'error', found: 'they are stopped: the request for it arrives without its upgrade' },
        fix: passWebSocketsOn,
      },
    ],
  )

  await demo.lab.kubectl(['--namespace=cde', 'delete', 'deployment', 'cde-dashboard'])
  const broken = await status()
  assert.equal(broken.exitCode, 6)
  assert.match(broken.stderr, /Deployment cde-dashboard does not exist.*\n.*run the installation again/)
})

test('data stays, also where the command is killed twice, and an installation over it finds all of it', async () => {
  const admin = await logIn(demo.platform, 'admin', demo.adminPassword)
  const account = { username: 'ann', password: 'correct horse battery staple' }
  await ask(admin, 201, 'POST', '/api/v0/users', account)
  const before = await remembered(admin)
  assert.deepEqual([before.users.length, before.workspaces.length], [2, 1])
  const [workspace] = before.workspaces
  // somebody works
  const { ticket, path } = await ask<{ ticket: string; path: string }>(
    admin,
    200,
    'POST',
    `/api/v0/workspaces/${workspace}/tickets`,
    { port: 26337 },
  )
  const terminal = admin.openSocket(`${path}?cols=80&rows=24`, ['cde.shell.v1', `ticket.${ticket}`])
  await new Promise((resolve, reject) => terminal.once('open', resolve).once('error', reject))
  const cut = new Promise((resolve) => terminal.once('close', resolve))
  terminal.on('error', () => {})

  const plan = await runSealift(uninstall())
  assert.equal(plan.exitCode, 2)
  assert.match(plan.stdout, /1 workspace, 1 running/)
  assert.match(plan.stdout, /1 session open/)
  for (const stage of ['[1/4]', '[2/4]']) {
    const killed = await startSealift(uninstall('--yes'))
    const ended = new Promise((resolve) => killed.once('exit', resolve))
    killed.stderr?.on('data', (chunk) => String(chunk).includes(stage) && killed.kill('SIGKILL'))
    killed.stdout?.resume()
    await ended
  }
  const { exitCode, stderr, stdout } = await runSealift(uninstall('--yes'))
  console.log(`${stderr}${stdout}`)
  assert.equal(exitCode, 0, stderr)
  await cut
  await admin.close()
  const left = (await objects(demo.lab)).filter((line) => !bare.includes(line))
  const claims = ['data-cde-postgres-17-0', `ws-${workspace}-home`]
  assert.deepEqual(
    left.filter((line) => !line.startsWith('PersistentVolume <none>')),
    [
      'ConfigMap cde kube-root-ca.crt',
      'ConfigMap cde sealift-answers',
      'ConfigMap cde sealift-receipt',
      'Namespace <none> cde',
      ...claims.map((claim) => `PersistentVolumeClaim cde ${claim}`),
      'Secret cde cde-admin',
      'Secret cde cde-postgres',
      'Secret cde cde-ssh',
      'ServiceAccount cde default',
    ],
  )
  assert.equal(left.filter((line) => line.startsWith('PersistentVolume <none>')).length, claims.length)

  const status = await runSealift(['status', `--answers=${demo.files.answers}`])
  assert.equal(status.exitCode, 6)
  assert.match(status.stderr, /the data of cde 0\.1\.0 is there/)

  await install()
  assert.equal(await demo.site.secret('cde', 'cde-ca', 'ca.crt'), demo.platform.ca)
  const again = await logIn(demo.platform, 'admin', demo.adminPassword)
  try {
    assert.deepEqual(await remembered(again), before)
    await again.waitForWorkspace(workspace as string, 120_000)
  } finally {
    await again.close()
  }
  await (await logIn(demo.platform, 'ann', account.password)).close()
})

test('with its data all of it goes, and the cluster is as it was', async () => {
  const begun = performance.now()
  const { exitCode, stderr, stdout } = await runSealift(uninstall('--delete-data', '--yes'))
  const seconds = (performance.now() - begun) / 1000
  console.log(`${stderr}${stdout}uninstalled in ${seconds.toFixed(1)} s`)
  assert.equal(exitCode, 0, stderr)
  console.log(`uninstalled with its data in ${seconds.toFixed(1)} s`)
  assert.deepEqual(await objects(demo.lab), bare)
  const again = await runSealift(uninstall('--delete-data'))
  assert.deepEqual([again.exitCode, again.stderr], [0, ''])
  assert.match(again.stdout, /nothing of the platform is in namespace cde/)
})
