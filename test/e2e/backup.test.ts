import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readAnswers } from '../../installer/src/answers/read.ts'
import { defaultStateDir } from '../../installer/src/install/open.ts'
import { type DemoSummary, runDemo } from '../lab/demo.ts'
import { runSealift, startSealift } from '../lab/demo-sealift.ts'
import { logIn, type User } from '../lab/demo-user.ts'
import { type OnBorrowedLab, onBorrowedLab } from './borrowed-lab.ts'
import { ask } from './second-user.ts'

let demo: OnBorrowedLab<DemoSummary>
let directory: string

before(
  async () => {
    directory = await mkdtemp(join(tmpdir(), 'sealift-backups-'))
    demo = await onBorrowedLab(runDemo)
  },
  { timeout: 30 * 60_000 },
)

after(async () => {
  if (demo) await rm(defaultStateDir(readAnswers(demo.files.answers)), { recursive: true, force: true })
  if (directory) await rm(directory, { recursive: true, force: true })
  await demo?.close()
})

const account = { username: 'later', password: 'correct horse battery' }
const site = () => [`--answers=${demo.files.answers}`]
const where = () => [...site(), '--directory', directory]
const admin = () => logIn(demo.platform, 'admin', demo.adminPassword)
const kubectl = (...words: string[]) => demo.lab.kubectl(['--namespace=cde', ...words])

async function backup(verb: string, ...words: string[]) {
  const { exitCode, stdout, stderr } = await runSealift(['backup', verb, ...words])
  assert.equal(exitCode, 0, stderr)
  return { stdout, stderr }
}

/** What a person finds again: who there is, and the workspaces. */
async function remembered(user: User) {
  const users = await ask<{ username: string; id: string }[]>(user, 200, 'GET', '/api/v0/users')
  const workspaces = await ask<{ id: string; name: string }[]>(user, 200, 'GET', '/api/v0/workspaces')
  const short = <T extends { id: string }>({ id }: T) => id
  return { users: users.map(short).sort(), workspaces: workspaces.map(short).sort() }
}

const secrets = async () => {
  const { items } = JSON.parse(await kubectl('get', 'secrets', '--output=json')) as {
    items: { metadata: { name: string }; type: string; data: object }[]
  }
  return Object.fromEntries(
    items.filter(({ type }) => !type.startsWith('helm.sh')).map(({ metadata, data }) => [metadata.name, data]),
  )
}

test('a site is backed up, proven, changed and brought back', { timeout: 300_000 }, async () => {
  const user = await admin()
  const before = await remembered(user)
  const keys = await secrets()
  const made = JSON.parse((await backup('create', ...where(), '--json')).stdout)
  assert.ok(made.proof.tables > 10 && made.proof.rows > 0, JSON.stringify(made.proof))
  assert.deepEqual((await readdir(directory)).filter((name) => !name.startsWith('.')).length, 1)
  const pods = await kubectl('get', 'pods,networkpolicies', '--output=name')
  assert.doesNotMatch(pods, /sealift/)

  // killed in the middle of a proof: what it started ends by itself, and the next one finds its way clear
  const killed = await startSealift(['backup', 'verify', made.path, '--prove', ...site()])
  const ended = new Promise((resolve) => killed.once('exit', resolve))
  const phase = () =>
    kubectl('get', 'pods', '--field-selector=metadata.name=sealift-proof', '--output=jsonpath={.items[*].status.phase}')
  while ((await phase()) !== 'Running') assert.equal(killed.exitCode, null)
  killed.kill('SIGKILL')
  await ended
  await backup('verify', made.path, '--prove', ...site())
  assert.equal(await phase(), '')
  assert.match((await backup('list', ...where())).stdout, /cde 0\.1\.0 .* no .*2\d{3}-/)

  await ask(user, 201, 'POST', '/api/v0/users', account)
  await (await logIn(demo.platform, 'later', account.password)).close()
  await kubectl('patch', 'secret', 'cde-internal', '--patch={"data":{"key":"b3RoZXI="}}')
  assert.notDeepEqual(await remembered(user), before)
  const { stderr, stdout } = await backup('restore', made.path, ...site(), '--yes')
  assert.match(stderr, /lost is what was written since .*users: 1 row more than then/)
  assert.match(stderr, /put back: cde-internal/)
  assert.match(stdout, /is as it was at/)
  const again = await admin()
  assert.deepEqual(await remembered(again), before)
  assert.deepEqual(await secrets(), keys)
})

test('a cluster without the platform gets the same one from bundle and backup', { timeout: 600_000 }, async () => {
  const before = await remembered(await admin())
  const keys = await secrets()
  const passphrase = join(directory, 'passphrase')
  await writeFile(passphrase, 'correct horse battery staple\n', { mode: 0o600 })
  const key = ['--passphrase-file', passphrase]
  const made = JSON.parse((await backup('create', ...where(), ...key, '--no-prove', '--json')).stdout)
  const removed = await runSealift(['uninstall', ...site(), '--delete-data', '--yes'])
  assert.equal(removed.exitCode, 0, removed.stderr)
  const shown = await backup('restore', made.path, '--show-answers', ...key)
  assert.match(shown.stdout, /^host:/m)
  const { stdout, stderr } = await backup('restore', made.path, ...key, ...site())
  console.log(stderr)
  assert.match(stdout, /the platform of the backup runs: https:/)
  assert.deepEqual(await remembered(await admin()), before)
  assert.deepEqual(await secrets(), keys)
})
