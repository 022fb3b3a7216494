import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { parseAnswers } from '../../../../installer/src/answers/read.ts'
import { writeAnswers } from '../../../../installer/src/answers/write.ts'
import {
  keepAnswers,
  keepAnswersText,
  keptAnswers,
  readAnswersText,
  readKeptAllowlist,
  readKeptAnswers,
} from '../../../../installer/src/install/kept-answers.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { endpoint, listOf } from '../allowlist/facts.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'

const answers = parseAnswers(
  `apiVersion: sealift.dev/v1
kind: Answers
mode: airgapped
bundle: cde.bundle
license: my.license
trust: [vendor.pub, other.pub]
namespace: site
registry: {kind: existing, address: r.example, username: u, passwordFile: password}
host: cde.site.example
values: {logging: {level: debug}}
`,
  '/site/answers.yaml',
)
const site = async (t: TestContext) => {
  const fake = await fakeKubernetes(t)
  fake.put('/api/v1/namespaces/site')
  return fake
}
const list = listOf([endpoint({ id: 'gallery' })])
const configMap = '/api/v1/namespaces/site/configmaps/sealift-answers'

test('the answers of a site are those that it was installed with, and each path says that it was of another machine', async (t) => {
  const fake = await site(t)
  await keepAnswers(fake.connect(), answers, list)
  assert.ok(fake.objects.has(configMap))
  const text = await keptAnswers(fake.connect(), 'site')
  assert.deepEqual(parseAnswers(text, '/elsewhere/answers.yaml'), answers)
  const remarked = text.split('\n').filter((line) => line.endsWith(' # on the machine that installed: name it anew'))
  assert.deepEqual(
    remarked.map((line) => line.split(' #')[0]?.trim()),
    [
      'bundle: /site/cde.bundle',
      '- /site/vendor.pub',
      '- /site/other.pub',
      'license: /site/my.license',
      'passwordFile: /site/password',
    ],
  )
  assert.equal(text.replaceAll(/ # .*/g, ''), writeAnswers(answers))
})

test('the command prints them, or as JSON', async (t) => {
  const fake = await site(t)
  await keepAnswers(fake.connect(), answers, list)
  const cli = join(import.meta.dirname, '../../../../installer/src/cli/sealift.mjs')
  const where = ['--kubeconfig', fake.kubeconfig, '--namespace', 'site']
  const show = async (...more: string[]) =>
    (await promisify(execFile)(process.execPath, [cli, 'answers', 'show', ...where, ...more])).stdout
  assert.equal(await show(), await keptAnswers(fake.connect(), 'site'))
  assert.deepEqual(JSON.parse(await show('--json')), JSON.parse(JSON.stringify(answers)))
})

test('where nothing was installed, or somebody wrote something else there, that is said', async (t) => {
  const fake = await site(t)
  await assert.rejects(keptAnswers(fake.connect(), 'site'), { code: 'CLUSTER_NO_ANSWERS', fix: /get configmaps/ })
  fake.put(configMap, { data: {} })
  await assert.rejects(keptAnswers(fake.connect(), 'site'), { code: 'CLUSTER_NO_ANSWERS' })
  fake.put(configMap, { data: { 'answers.yaml': 'a: [1' } })
  await assert.rejects(keptAnswers(fake.connect(), 'site'), {
    code: 'USAGE_ANSWERS',
    message: /sealift-answers:\d+:\d+: it is not/,
  })
  fake.put(configMap, { data: { 'answers.yaml': 'host: "x\\e[31m\\u202e"\nlicense: [1]\n__proto__: 1\n' } })
  const text = await keptAnswers(fake.connect(), 'site')
  assert.doesNotMatch(text, /[^\x20-\x7e\n]/)
})

test('keys of the vendor and CAs are kept beside them, secrets and what is large are not', async (t) => {
  const fake = await site(t)
  const directory = await temporaryDirectory(t)
  const file = async (name: string) => {
    const path = join(directory, name)
    await writeFile(path, `text of ${name}\n`)
    return path
  }
  const trust = [await file('vendor.pub'), join(directory, 'gone.pub')]
  const registry = { ...answers.registry, caFile: await file('ca.crt'), passwordFile: await file('password') }
  await keepAnswers(fake.connect(), { ...answers, trust, registry, license: await file('license') }, list)
  const { files, draft } = await readKeptAnswers(fake.connect(), 'site')
  assert.deepEqual(files, { '/trust/0': 'text of vendor.pub\n', '/registry/caFile': 'text of ca.crt\n' })
  assert.deepEqual(draft.trust, trust)
})

test('the allowlist is kept with them, also where an upgrade comes back; one that is too long, or none any more, is not there', async (t) => {
  const fake = await site(t)
  const cluster = fake.connect()
  await keepAnswers(cluster, answers, list)
  const before = await readAnswersText(cluster, 'site')
  assert.deepEqual(await readKeptAllowlist(cluster, 'site'), list)
  await keepAnswersText(cluster, 'site', { answers: before.answers })
  assert.equal(await readKeptAllowlist(cluster, 'site'), undefined)
  await keepAnswersText(cluster, 'site', before)
  assert.deepEqual(await readKeptAllowlist(cluster, 'site'), list)
  for (const damaged of ['!', 'H4sI', Buffer.from('{}').toString('base64')]) {
    await keepAnswersText(cluster, 'site', { ...before, allowlist: damaged })
    assert.equal(await readKeptAllowlist(cluster, 'site'), undefined)
  }
  const long = Array.from({ length: 10_000 }, (_, i) =>
    endpoint({ id: `e${i}`, host: `${randomBytes(30).toString('hex')}.example` }),
  )
  await keepAnswers(cluster, answers, listOf(long))
  assert.ok((await readKeptAllowlist(cluster, 'site')) === undefined)
})
