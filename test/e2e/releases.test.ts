import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../lab/command.ts'
import { type DemoGround, host, startGround, writeAnswers } from '../lab/demo-ground.ts'
import { sealift } from '../lab/demo-sealift.ts'
import { startServing } from '../lab/demo-serve.ts'
import { steps } from '../lab/demo-step.ts'
import { logIn } from '../lab/demo-user.ts'
import type { Change, ReleaseVariant } from '../lab/releases/release-variant.ts'
import {
  release10,
  release10on15,
  release11,
  release11irreversible,
  release11rewriting,
  release12,
} from '../lab/releases/releases.ts'
import { sealRelease } from '../lab/releases/seal-release.ts'
import { helmBinary, kubectlBinary } from '../lab/tools.ts'
import { chartDirectory } from '../unit/manifests/rendered-chart.ts'
import { type OnBorrowedLab, onBorrowedLab } from './borrowed-lab.ts'

let ground: OnBorrowedLab<DemoGround>

before(
  async () => {
    ground = await onBorrowedLab((options) =>
      startGround({ ...options, release: release10on15 }, steps(options.log, false)),
    )
  },
  { timeout: 30 * 60_000 },
)

after(() => ground?.close())

const broken = (change: Change): ReleaseVariant => ({ ...release11, change })
const changes = ['crashes', 'cannot-be-pulled', 'migration-fails', 'app-fails-after-migration', 'smoke-fails'] as const
const sealed = (release: ReleaseVariant) => sealRelease(ground.files, release, console.log)

test('each release of the lab is sealed once, whole, and says what it upgrades', async () => {
  const releases = [release10, release11, release11rewriting, release11irreversible, release12, ...changes.map(broken)]
  const paths = new Set<string>()
  const images = new Map<string, string>()
  for (const release of releases) {
    const path = await sealed(release)
    assert.equal(await sealed({ ...release }), path)
    paths.add(path)
    const trust = `--trust=${ground.files.trust}`
    await sealift(['bundle', 'verify', path, trust])
    const { stdout } = await sealift(['bundle', 'inspect', path, trust, '--json'])
    const { release: inside, contents } = JSON.parse(stdout)
    assert.deepEqual([inside.version, inside.upgradesFrom], [release.version, release.upgradesFrom])
    if (release.change === undefined)
      for (const { role, name, digest } of contents)
        if (role === 'image') images.set(`${name} ${release.version}`, digest)
  }
  assert.equal(paths.size, releases.length)
  const of = (name: string) => ['1.0.0', '1.1.0', '1.2.0'].map((version) => images.get(`${name} ${version}`))
  for (const name of ['manager', 'envproxy', 'dashboard', 'ingress', 'workspace'])
    assert.equal(new Set(of(name)).size, 3, name)
  assert.equal(new Set(of('postgres')).size, 1)
})

test('1.0.0 runs on PostgreSQL 15, in a volume of its own', async () => {
  const { files, site } = ground
  await writeAnswers(ground, files.paid)
  await sealift(['install', '--headless', `--answers=${files.answers}`])
  const claim = await site.kubectl('get', 'pvc', '--namespace=cde', '-o=jsonpath={.items[*].metadata.name}')
  assert.equal(claim, 'data-cde-postgres-15-0')
  const query = ['psql', '-U', 'cde', '-d', 'cde', '-Atc', 'SHOW server_version_num']
  const version = await site.kubectl('exec', 'statefulset/cde-postgres-15', '--namespace=cde', '--', ...query)
  assert.match(version, /^15\d{4}$/m)
  const address = await site.ingressAddress()
  const ca = await site.secret('cde', 'cde-ca', 'ca.crt')
  const password = await site.secret('cde', 'cde-admin', 'password')
  await (await logIn({ host, address, port: 443, ca }, 'admin', password)).close()
})

test('a chart of another major version does not begin with an empty database beside the one that is there', async () => {
  const { site } = ground
  const upgrade = ['upgrade', 'cde', chartDirectory, '--namespace=cde', `--kubeconfig=${site.kubeconfig}`]
  const helm = await helmBinary()
  await assert.rejects(run(helm, [...upgrade, '--dry-run=server']), {
    why: /the database is in data-cde-postgres-15-0, and this release has PostgreSQL 17.*sealift upgrade/,
  })
  await run(helm, [...upgrade, '--dry-run=server', '--set=postgres.major=15'])
  await run(helm, [...upgrade, '--dry-run=server', '--set=postgres.isPlan=true'])
  const made = [
    'apiVersion: v1',
    'kind: PersistentVolumeClaim',
    'metadata: { name: data-cde-postgres-17-0, namespace: cde }',
  ]
  const spec = 'spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } }'
  const kubectl = [`--kubeconfig=${site.kubeconfig}`, 'apply', '--filename=-']
  await run(await kubectlBinary(), kubectl, { input: [...made, spec].join('\n') })
  await run(helm, [...upgrade, '--dry-run=server'])
})

test('no node can unpack the image that cannot be pulled, though the registry has all of it', async (t) => {
  const { files, site } = ground
  const bundle = await sealed(broken('cannot-be-pulled'))
  const serving = { bundle, trust: files.trust, license: files.paid, address: site.bastionAddress, port: 0 }
  const served = await startServing({ ...serving, state: join(files.bastion, 'serve-broken') })
  t.after(() => served.stop())
  await site.trust(served.registry, served.caFile)
  const name = 'cannot-be-pulled'
  const image = `${served.registry}/cde/envproxy:1.1.0`
  await site.kubectl('run', name, '--namespace=default', `--image=${image}`, '--restart=Never')
  t.after(() => site.kubectl('delete', 'pod', name, '--namespace=default', '--wait=false'))
  const events = ['get', 'events', '--namespace=default', `--field-selector=involvedObject.name=${name},reason=Failed`]
  let said = ''
  for (const end = Date.now() + 60_000; said === '' && Date.now() < end; await sleep(250))
    said = await site.kubectl(...events, '-o=jsonpath={.items[0].message}').catch(() => '')
  assert.match(said, /wrong diff id|mismatched image rootfs/)
})
