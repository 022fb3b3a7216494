import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { readAnswers } from '../../installer/src/answers/read.ts'
import { defaultStateDir } from '../../installer/src/install/open.ts'
import { run } from '../lab/command.ts'
import { type DemoSummary, runDemo } from '../lab/demo.ts'
import type { GroundOptions } from '../lab/demo-ground.ts'
import { runSealift } from '../lab/demo-sealift.ts'
import { upgradeDemo } from '../lab/demo-upgrade.ts'
import { logIn } from '../lab/demo-user.ts'
import { type Lab, probeImage } from '../lab/lab.ts'
import { inside } from '../lab/network.ts'
import { countWayOut } from '../lab/way-out.ts'
import { type OnBorrowedLab, onBorrowedLab } from './borrowed-lab.ts'
import { testRefusedAnswers } from './refused-answers.ts'
import { testSealedBundle } from './sealed-bundle.ts'

/** The main job, once, as `npm run demo` does it; then what must be true of the site afterwards. */
let demo: OnBorrowedLab<DemoSummary>

/** packets that left the site while it was installed and used, and after one that was meant to */
let left: { demo: number; meant: number }

before(
  async () => {
    const watched = async (options: GroundOptions, lab: Promise<Lab>) => {
      const wayOut = lab.then(countWayOut)
      const done = await runDemo({ ...options, lab: wayOut.then(() => lab) })
      const { packets, end } = await wayOut
      const count = await packets()
      await reachOutside(await lab)
      left = { demo: count, meant: (await end()) - count }
      return done
    }
    // its images must come from the bundle
    demo = await onBorrowedLab(watched, { fresh: true })
  },
  { timeout: 30 * 60_000 },
)

after(() => demo?.close())

const kubectl = (...args: string[]) => demo.site.kubectl(...args)

testSealedBundle(() => demo.files)
testRefusedAnswers(() => demo)

test('the editor opened at an origin of its own', () => {
  assert.match(demo.editor, /^https:\/\/ide-[a-z0-9]{10}\.dev\.sealift\.test\//)
})

test('a command typed into the terminal ran in the workspace', () => {
  assert.match(demo.terminal, /hello from coder, sum 42/)
})

test('an air-gapped site that is installed and used reaches for nothing outside: not one packet', () => {
  assert.equal(left.demo, 0)
  assert.ok(left.meant > 0, 'a packet that was meant to leave was not counted')
})

/** Sends something that leaves the site where there is a way. */
async function reachOutside({ networkNamespace }: Lab): Promise<void> {
  const [program = '', ...args] = inside(networkNamespace, 'timeout', '2', 'bash', '-c', 'echo >/dev/tcp/192.0.2.1/443')
  await run(program, args).catch(() => {})
}

test('a pod of the site reaches nothing outside it', async () => {
  const name = `no-way-out-${Date.now().toString(36)}`
  const target = '192.0.2.1:443'
  await kubectl(
    'run',
    name,
    '--namespace=default',
    '--restart=Never',
    `--image=${probeImage}`,
    '--command',
    '--',
    '/probe',
    'connect',
    target,
  )
  try {
    await kubectl(
      'wait',
      `pod/${name}`,
      '--namespace=default',
      '--for=jsonpath={.status.phase}=Failed',
      '--timeout=30s',
    )
    const log = await kubectl('logs', name, '--namespace=default')
    assert.match(log, /unreachable/)
  } finally {
    await kubectl('delete', 'pod', name, '--namespace=default', '--now', '--wait=false')
  }
})

test('every image that runs in the namespace comes from the served bundle, by digest', async () => {
  const { items } = JSON.parse(await kubectl('get', 'pods', '--namespace=cde', '-o=json'))
  const { contents } = JSON.parse(
    (await runSealift(['bundle', 'inspect', demo.files.bundle, '--trust', demo.files.trust, '--json'])).stdout,
  )
  const sealed = new Set(contents.map((part: { digest: string }) => part.digest))
  const images = items.flatMap(
    (pod: { status: { containerStatuses?: { image: string; imageID: string }[] } }) =>
      pod.status.containerStatuses ?? [],
  )
  assert.ok(images.length >= 6, `${images.length} containers`)
  for (const { imageID } of images) {
    const [repository, digest] = imageID.split('@')
    assert.ok(repository?.startsWith(`${demo.registry}/cde/`), imageID)
    assert.ok(sealed.has(digest), imageID)
  }
})

test('a second installation changes nothing and says so', async () => {
  const before = await kubectl('get', 'pods', '--namespace=cde', '-o=jsonpath={.items[*].metadata.uid}')
  const { exitCode, stderr } = await runSealift(['install', '--headless', '--answers', demo.files.answers])
  assert.equal(exitCode, 0, stderr)
  assert.equal(await kubectl('get', 'pods', '--namespace=cde', '-o=jsonpath={.items[*].metadata.uid}'), before)
})

test('nothing stays of what the installation tried, and the key of its CA is not in the cluster', async () => {
  const namespaces = await kubectl('get', 'namespaces', '-o=jsonpath={.items[*].metadata.name}')
  assert.doesNotMatch(namespaces, /probe/)
  const secrets = JSON.parse(await kubectl('get', 'secrets', '--all-namespaces', '-o=json'))
  const names = secrets.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)
  assert.ok(names.includes('cde-ca') && !names.includes('cde-ca-key'), names.join())
  const values = secrets.items.flatMap(({ data }: { data?: Record<string, string> }) => Object.values(data ?? {}))
  const state = defaultStateDir(readAnswers(demo.files.answers))
  const key = createPrivateKey(await readFile(join(state, 'ca.key'))).export({ type: 'pkcs8', format: 'der' })
  for (const value of values as string[])
    for (const block of Buffer.from(value, 'base64')
      .toString()
      .matchAll(/-----BEGIN PRIVATE KEY-----[^-]+/g))
      assert.ok(!block[0].replaceAll('\n', '').includes(key.toString('base64')))
})

test('the manager refuses to work with a free license, and still lets an administrator log in and bring another', async () => {
  const license = async (file: string) => (await readFile(file, 'utf8')).trim()
  const [free, paid] = [await license(demo.files.free), await license(demo.files.paid)]
  const user = await logIn(demo.platform, 'admin', demo.adminPassword)
  const workspaces = async () => {
    const { status, body } = await user.request('GET', '/api/v0/workspaces')
    return [status, (body as { code?: string }).code]
  }
  /** A manager remembers licenses for a second. */
  const become = async (status: number, code?: string) => {
    for (const end = Date.now() + 20_000; (await workspaces())[0] !== status && Date.now() < end; )
      await setTimeout(200)
    assert.deepEqual(await workspaces(), [status, code])
  }
  const upload = async (token: string) => {
    const { status, body } = await user.request('PUT', '/api/v0/license', { license: token })
    return [status, (body as { code?: string }).code]
  }
  try {
    assert.deepEqual(await upload(`${paid.slice(0, -8)}AAAAAAAA`), [400, 'LICENSE_FORGED'])
    assert.deepEqual(await upload(free), [402, 'LICENSE_AIRGAP'])
    assert.deepEqual(await workspaces(), [200, undefined])

    // the free one takes the place of all others where the manager keeps them, as in a backup of other days
    const row = `('${free}', sha256('${free}'), now())`
    const statement = `DELETE FROM licenses; INSERT INTO licenses (token, token_hash, uploaded_at) VALUES ${row}`
    const psql = ['psql', '-U', 'cde', '-d', 'cde', '-qAt', '-c', statement]
    await kubectl('exec', 'cde-postgres-17-0', '--namespace=cde', '--', ...psql)
    await become(402, 'LICENSE_AIRGAP')
    const again = await logIn(demo.platform, 'admin', demo.adminPassword)
    const shown = await again.request('GET', '/api/v0/license').finally(() => again.close())
    assert.equal((shown.body as { refusal?: { code: string } }).refusal?.code, 'LICENSE_AIRGAP')

    assert.deepEqual(await upload(paid), [200, undefined])
    await become(200)
  } finally {
    await user.close()
  }
})

test('the next release runs after an upgrade, in which a terminal stayed open and lost no line', async () => {
  const { version, lines, times, memory } = await upgradeDemo(demo, { log: console.log })
  assert.ok(lines > 20, `${lines} lines`)
  assert.ok(times['Upgrade while it counts'] && memory.upgrade)
  const user = await logIn(demo.platform, 'admin', demo.adminPassword)
  const told = await user.request('GET', '/assets/release.txt').finally(() => user.close())
  assert.deepEqual(told, { status: 200, body: `${version}\n` })
})
