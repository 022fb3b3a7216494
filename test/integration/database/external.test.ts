import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { V1Pod } from '@kubernetes/client-node'
import { openDatabase } from '../../../installer/src/database/open.ts'
import { type DebianPostgres, startDebianPostgres } from './debian-postgres.ts'
import { databaseSite, helperPod, pods, running } from './site.ts'

let postgres: DebianPostgres
before(async () => {
  postgres = await startDebianPostgres()
})
after(() => postgres?.stop())

const policy = '/apis/networking.k8s.io/v1/namespaces/cde/networkpolicies/sealift-database'

async function externalSite(t: TestContext, more: object = {}) {
  const { fake } = await databaseSite(t, postgres)
  const config = {
    image: { registry: 'r.example/' },
    images: { postgres: { repository: 'cde/postgres', tag: '', digest: 'sha256:abc' } },
    imagePullSecrets: ['cde-registry'],
    postgres: { useDefault: false, host: 'db.bank.example', port: 6432, passwordSecret: 'cde-database', ...more },
  }
  const release = gzipSync(JSON.stringify({ info: { status: 'deployed' }, config, manifest: '' })).toString('base64')
  fake.put('/api/v1/namespaces/cde/secrets/sh.helm.release.v1.cde.v1', {
    kind: 'Secret',
    metadata: { labels: { owner: 'helm', name: 'cde', version: '1', status: 'deployed' } },
    data: { release: Buffer.from(release).toString('base64') },
  })
  const made: V1Pod[] = []
  fake.runPod = (pod) => {
    made.push(pod)
    return running
  }
  fake.execute = (asked) => helperPod(asked) ?? { words: asked.command, env: { ...postgres.env, PGDATABASE: 'cde' } }
  return { fake, made, cluster: fake.connect() }
}

test('a database of the site is asked from a pod of its own, which has the password by mount, and goes afterwards', async (t) => {
  const { fake, made, cluster } = await externalSite(t, { caSecret: 'cde-database' })
  const words: string[] = []
  const { execute } = fake
  fake.execute = (asked) => {
    words.push(asked.command.join(' '))
    const ran = execute?.(asked)
    // its variables would lead to the site's database
    return typeof ran === 'object'
      ? { ...ran, words: ran.words.filter((word) => !/^PG(HOST|PORT|SSL)/.test(word)) }
      : ran
  }
  const database = await openDatabase(cluster, 'cde')
  assert.deepEqual({ own: database.own, major: database.major }, { own: false, major: postgres.major })
  assert.deepEqual(await database.query('SELECT current_user::text AS who'), [{ who: 'cde' }])
  const [pod] = made
  assert.equal(made.length, 1)
  assert.equal(pod?.spec?.containers[0]?.image, 'r.example/cde/postgres@sha256:abc')
  assert.deepEqual(pod?.spec?.imagePullSecrets, [{ name: 'cde-registry' }])
  assert.deepEqual(
    pod?.spec?.volumes?.map(({ name, secret }) => [name, secret?.secretName]),
    [
      ['tmp', undefined],
      ['password', 'cde-database'],
      ['ca', 'cde-database'],
    ],
  )
  for (const word of [
    'PGHOST=db.bank.example',
    'PGPORT=6432',
    'PGSSLMODE=verify-full',
    'PGSSLROOTCERT=/etc/cde/postgres-ca/ca.crt',
  ])
    assert.ok(
      words.some((text) => text.includes(word)),
      word,
    )
  assert.ok(fake.objects.has(policy))
  await database.close()
  assert.ok(!fake.objects.has(policy) && !fake.objects.has(`${pods}/sealift-database`))
})

test('what an earlier run left is removed; what another run uses is left alone', async (t) => {
  const { fake, cluster } = await externalSite(t)
  fake.put(`${pods}/sealift-database`, { kind: 'Pod', status: { phase: 'Failed' } })
  // without the pod's variables, which would lead to the site's database
  const { execute } = fake
  fake.execute = (asked) => {
    const ran = execute?.(asked)
    return typeof ran === 'object'
      ? { ...ran, words: ran.words.filter((word) => !/^PG(HOST|PORT|SSL)/.test(word)) }
      : ran
  }
  await (await openDatabase(cluster, 'cde')).close()
  fake.put(`${pods}/sealift-database`, { kind: 'Pod', status: running })
  await assert.rejects(openDatabase(cluster, 'cde'), { code: 'CLUSTER_POD_BUSY', fix: /delete pod sealift-database/ })
  assert.ok(fake.objects.has(`${pods}/sealift-database`))
})

test('a pod that does not come to run is removed, and the kubelet says why', async (t) => {
  const { fake, cluster } = await externalSite(t)
  const waiting = { reason: 'CreateContainerConfigError', message: 'secret "cde-database" not found' }
  fake.runPod = () => ({ phase: 'Pending', containerStatuses: [{ name: 'postgres', state: { waiting } }] })
  await assert.rejects(openDatabase(cluster, 'cde'), { code: 'CLUSTER_POD', why: waiting.message })
  assert.ok(!fake.objects.has(`${pods}/sealift-database`) && !fake.objects.has(policy))
})
