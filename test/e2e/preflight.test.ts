import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckResult } from '../../installer/src/checks/check.ts'
import type { CheckReport } from '../../installer/src/checks/report.ts'
import { cacheDirectory } from '../../manifests/images/cache.ts'
import { type DemoGround, startGround, writeAnswers } from '../lab/demo-ground.ts'
import { runSealift, startSealift } from '../lab/demo-sealift.ts'
import { steps } from '../lab/demo-step.ts'
import { down } from '../lab/lab.ts'

/** A lab that nobody else uses; nothing is installed in it. */
const lab = 'preflight'
let ground: DemoGround
let scratch: string

before(
  async () => {
    scratch = await mkdtemp(join(tmpdir(), 'preflight-'))
    const log = (line: string) => console.log(line)
    ground = await startGround({ lab, directory: join(cacheDirectory(), 'e2e'), log }, steps(log, false))
    await writeAnswers(ground, ground.files.paid)
  },
  { timeout: 30 * 60_000 },
)

after(async () => {
  await ground?.served.stop()
  await rm(scratch, { recursive: true, force: true })
  await down({ name: lab })
})

const kubectl = (...args: string[]) => ground.site.kubectl(...args)
const create = async (...objects: object[]) => {
  const file = join(scratch, 'objects.json')
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  await kubectl('apply', `--filename=${file}`)
}
const words = (...more: string[]) => [
  'preflight',
  `--answers=${ground.files.answers}`,
  `--state=${join(scratch, 'state')}`,
  ...more,
]

/** Runs the checks; what became of each. */
async function preflight(...more: string[]) {
  const { exitCode, stdout, stderr } = await runSealift(words('--json', ...more))
  assert.ok(stdout, stderr)
  const report: CheckReport = JSON.parse(stdout)
  return { exitCode, report, check: (id: string) => report.checks.find((one) => one.id === id) as CheckResult }
}

/** Namespaces that are not about to go. */
const namespaces = async () =>
  JSON.parse(await kubectl('get', 'namespaces', '--output=json'))
    .items.filter(({ metadata }: { metadata: { deletionTimestamp?: string } }) => !metadata.deletionTimestamp)
    .map(({ metadata }: { metadata: { name: string } }) => metadata.name)
    .sort()

test('a good site is told to be one, and nothing stays', async () => {
  const bare = await namespaces()
  const { exitCode, report } = await preflight()
  for (const { id, state, level, found, ms } of report.checks)
    console.log(`${id}: ${state} (${level}, ${ms} ms): ${found}`)
  console.log(`${report.ms} ms`)
  assert.equal(exitCode, 0)
  assert.equal(report.counts.failed, 0)
  assert.deepEqual(await namespaces(), bare)
  assert.ok(!existsSync(join(scratch, 'state')))
})

test('webhooks, quotas, limits and leftovers of a cluster are found by their effect', async () => {
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  const claim = {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'none',
  }
  await create(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cde', labels: restricted } },
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { namespace: 'cde', name: 'small' },
      spec: { hard: { pods: '1' } },
    },
    {
      ...{ apiVersion: 'v1', kind: 'LimitRange', metadata: { namespace: 'cde', name: 'tight' } },
      spec: { limits: [{ type: 'Container', max: { memory: '300Mi' } }] },
    },
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: claim },
      metadata: {
        ...{ namespace: 'cde', name: 'data-cde-postgres-0' },
        labels: { 'app.kubernetes.io/part-of': 'cde', 'app.kubernetes.io/instance': 'cde' },
      },
    },
    {
      ...{
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'down' },
      },
      webhooks: [
        {
          ...{ name: 'down.sealift.test', admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail' },
          clientConfig: { service: { namespace: 'default', name: 'nobody' } },
          rules: [
            { apiGroups: ['networking.k8s.io'], apiVersions: ['v1'], operations: ['*'], resources: ['ingressclasses'] },
          ],
        },
      ],
    },
  )
  try {
    const { exitCode, check } = await preflight()
    assert.equal(exitCode, 6)
    assert.equal(check('quotas').code, 'CLUSTER_QUOTA')
    assert.match(check('quotas').found ?? '', /small leaves 1 of pods/)
    const { code, found = '' } = check('admission')
    assert.equal(code, 'CLUSTER_ADMISSION')
    assert.match(found, /IngressClass .*failed calling webhook "down\.sealift\.test"/)
    assert.match(found, /a pod of .*maximum memory usage per Container is 300Mi/)
    assert.match(check('webhooks').found ?? '', /down\.sealift\.test: nothing behind service default\/nobody/)
    assert.match(check('leftovers').found ?? '', /PersistentVolumeClaim data-cde-postgres-0/)
  } finally {
    await kubectl('delete', 'validatingwebhookconfiguration', 'down')
    await kubectl('delete', 'namespace', 'cde')
  }
})

test('a kubeconfig with few rights, nodes that take nothing and names that fit nothing are found', async () => {
  const answers = await readFile(ground.files.answers, 'utf8')
  const token = (await kubectl('create', 'token', 'default', '--namespace=default')).trim()
  const config = JSON.parse(await kubectl('config', 'view', '--raw', '--minify', '--output=json'))
  config.users[0].user = { token }
  await writeFile(join(scratch, 'weak'), JSON.stringify(config), { mode: 0o600 })
  const node = (await kubectl('get', 'nodes', '--output=jsonpath={.items[0].metadata.name}')).trim()
  try {
    await writeFile(ground.files.answers, answers.replace(/^kubeconfig: .*$/m, `kubeconfig: ${join(scratch, 'weak')}`))
    const weak = await preflight()
    assert.equal(weak.exitCode, 6)
    assert.equal(weak.check('permissions').code ?? weak.check('namespace').code, 'CLUSTER_FORBIDDEN')

    await writeFile(ground.files.answers, `${answers}\nstorageClass: none\n`)
    await kubectl('cordon', node)
    const { check } = await preflight()
    assert.equal(check('storage-class').code, 'CLUSTER_STORAGE')
    assert.equal(check('nodes').code, 'CLUSTER_NODES')
    assert.match(check('node-pull').found ?? '', /not tried without: There are nodes/)
  } finally {
    await writeFile(ground.files.answers, answers)
    await kubectl('uncordon', node)
  }
})

test('Ctrl-C leaves nothing; a kill of both processes leaves what the next run takes away', async () => {
  const bare = await namespaces()
  const started = async () => {
    const child = await startSealift(words())
    // until a trial has begun
    for (const end = Date.now() + 30_000; (await namespaces()).length === bare.length && Date.now() < end; )
      await sleep(100)
    assert.notDeepEqual(await namespaces(), bare)
    return child
  }
  const stopped = await started()
  stopped.kill('SIGINT')
  const [code] = await once(stopped, 'close')
  assert.equal(code, 130)
  assert.deepEqual(await namespaces(), bare)

  const killed = await started()
  const children = (await readFile(`/proc/${killed.pid}/task/${killed.pid}/children`, 'utf8'))
    .trim()
    .split(' ')
    .map(Number)
  for (const pid of [...children, killed.pid as number]) process.kill(pid, 'SIGKILL')
  await once(killed, 'close')
  assert.notDeepEqual(await namespaces(), bare)
  const { exitCode } = await preflight()
  assert.equal(exitCode, 0)
  assert.deepEqual(await namespaces(), bare)
})
