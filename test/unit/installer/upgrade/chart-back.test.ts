import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { platformRelease } from '../../../../installer/src/cluster/helm.ts'
import { chartBackStage } from '../../../../installer/src/upgrade/back/chart.ts'
import type { BackContext } from '../../../../installer/src/upgrade/back/context.ts'
import type { StepContext } from '../../../../installer/src/upgrade/context.ts'
import type { UpgradeRecord } from '../../../../installer/src/upgrade/record.ts'
import { deployStage } from '../../../../installer/src/upgrade/stages/deploy.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { helmRecord } from '../uninstall/installed.ts'
import { record as begun } from './an-upgrade.ts'
import { refusals } from './plan/recorded.ts'
import { kept, rendered, site } from './plan/site.ts'

const map = (name: string, annotations: Record<string, string> = {}) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } },
  metadata: { name, annotations },
})
const stays = map('stays', { 'helm.sh/resource-policy': 'keep' })
const set = (name: string, more: object = {}) => {
  const spec = { replicas: 1, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } } } }
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name }, spec: { ...spec, ...more } }
}
const maps = '/api/v1/namespaces/cde/configmaps'
const sets = '/apis/apps/v1/namespaces/cde/statefulsets'
const secret = (version: number) => `/api/v1/namespaces/cde/secrets/sh.helm.release.v1.cde.v${version}`

type Fake = Awaited<ReturnType<typeof site>>

/** A site that an upgrade has left half-way, on its way back to revision 3; its helm ends as it is told to. */
async function halfWay(t: TestContext, answers: Parameters<typeof site>[1] = {}) {
  const fake: Fake = await site(t, answers)
  const before = rendered(map('both'), set('old'))
  const next = rendered(map('both'), stays, map('next'), map('taken'), set('new'))
  const revision = (version: number, status: string, manifest: string) =>
    fake.put(secret(version), helmRecord({ info: { status }, manifest }, status, `${version}`))
  revision(2, 'superseded', rendered(map('long-ago')))
  revision(3, 'superseded', before)
  revision(4, 'failed', next)
  revision(5, 'pending-rollback', before)
  for (const object of [map('both'), stays, map('next'), map('long-ago')])
    fake.put(`${maps}/${object.metadata.name}`, kept(object))
  fake.put(`${maps}/taken`, map('taken'))
  fake.put(`${sets}/new`, kept(set('new')))
  const directory = await temporaryDirectory(t)
  const helm = join(directory, 'helm')
  let record: UpgradeRecord = { ...begun, direction: 'back' }
  const context = {
    ...{ answers: { namespace: 'cde' }, helmRelease: platformRelease('cde'), timeout: 5000 },
    signal: new AbortController().signal,
    cluster: () => fake.cluster,
    helm: async () => ({ path: helm, home: directory }),
    record: () => record,
    note: async (change: Partial<UpgradeRecord>) => {
      record = { ...record, ...change }
    },
  } as unknown as BackContext
  const report = { info() {}, warn() {}, progress() {} }
  return {
    ...fake,
    record: () => record,
    /** Goes forward once more, with a helm that fails at whatever it is asked for. */
    async goForward() {
      writeFileSync(helm, '#!/bin/sh\nexit 1\n', { mode: 0o755 })
      const status = async () => ({ status: 'pending-upgrade' })
      const next = { bundle: { release: {} }, status, chart: async () => directory, values: () => ({}) }
      await deployStage.run({ ...context, ...next } as unknown as StepContext, report)
    },
    async goBack(status: number) {
      writeFileSync(helm, `#!/bin/sh\nexit ${status}\n`, { mode: 0o755 })
      assert.equal(await chartBackStage.needed(context), true)
      await chartBackStage.run(context, report)
      assert.equal(await chartBackStage.needed(context), false)
    },
  }
}

test('Helm goes back to its newest revision, and what only later ones have goes afterwards, kill or not', async (t) => {
  const { goBack, objects, record, put } = await halfWay(t)
  const revisions = () => [2, 3, 4, 5, 6].filter((version) => objects.has(secret(version)))
  const there = () => [...objects.keys()].filter((key) => /maps|sets/.test(key)).map((key) => key.split('/').at(-1))

  await assert.rejects(goBack(1), { code: 'CLUSTER_HELM_UPGRADE' })
  assert.deepEqual(revisions(), [2, 3])
  assert.ok(['next', 'new'].every((name) => there().includes(name)))
  const { leaving } = record()
  assert.deepEqual(
    leaving?.map(({ kind, name }) => `${kind} ${name}`),
    ['ConfigMap next', 'ConfigMap taken', 'StatefulSet new'],
  )
  // of the helm that failed
  put(secret(4), helmRecord({ info: {}, manifest: rendered(map('both'), set('old')) }, 'failed', '4'))
  await goBack(0)
  assert.deepEqual(record().leaving, leaving)
  assert.deepEqual(there().sort(), ['both', 'long-ago', 'stays', 'taken'])
})

test('what a killed helm has put there goes too, where the next run ends before Helm does anything', async (t) => {
  const { goForward, goBack, objects, put } = await halfWay(t)
  const next = rendered(map('both'), map('next'))
  put(secret(4), helmRecord({ info: {}, manifest: next }, 'pending-upgrade', '4'))
  objects.delete(secret(5))
  await assert.rejects(goForward(), { code: /^CLUSTER_HELM/ })
  assert.equal(objects.has(secret(4)), false)
  await goBack(0)
  assert.equal(objects.has(`${maps}/next`), false)
})

test('what the next release made anew is made anew for the one of before', async (t) => {
  const refuses = { isOn: true }
  const { goBack, objects, put } = await halfWay(t, {
    old: (_, body) => (refuses.isOn && body.includes('"old"') ? [422, refusals['sts claims by force']] : undefined),
    statefulsets: () => {
      refuses.isOn = false
      return undefined
    },
  })
  put(`${sets}/old`, kept(set('old', { serviceName: 'of the next' })))
  await goBack(0)
  assert.equal((objects.get(`${sets}/old`) as { spec?: { serviceName?: string } }).spec?.serviceName, undefined)
})
