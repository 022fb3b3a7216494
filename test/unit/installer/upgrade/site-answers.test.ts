import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Draft } from '../../../../installer/src/answers/draft.ts'
import type { Fault } from '../../../../installer/src/answers/fault.ts'
import { parseAnswers } from '../../../../installer/src/answers/read.ts'
import { writeAnswers } from '../../../../installer/src/answers/write.ts'
import { changesOf } from '../../../../installer/src/upgrade/changes.ts'
import { siteAnswers } from '../../../../installer/src/upgrade/site-answers.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'

const core = '/api/v1/namespaces/site'
const kept = parseAnswers(
  `apiVersion: sealift.dev/v1
kind: Answers
mode: airgapped
bundle: old.bundle
license: my.license
trust: [vendor.pub]
kubeconfig: elsewhere
namespace: site
registry: {kind: existing, address: r.example, caFile: ca.crt, username: u, passwordFile: password}
host: cde.site.example
proxy: {https: 'http://proxy.example:3128', loginFile: login, caFile: proxy.crt}
values: {logging: {level: debug}, manager: {requestsPerSecond: 50}}
`,
  '/gone/answers.yaml',
)
const secret = (values: Record<string, string>) => ({
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, btoa(value)])),
})

async function site(t: TestContext) {
  const fake = await fakeKubernetes(t)
  fake.put(core)
  const files = { '/trust/0': 'KEY', '/registry/caFile': 'CA' }
  const data = { 'answers.yaml': writeAnswers(kept), 'files.json': JSON.stringify(files) }
  fake.put(`${core}/configmaps/sealift-answers`, { data })
  fake.put(`${core}/secrets/cde-license`, secret({ license: 'LICENSE' }))
  const pull = { auths: { 'r.example': { username: 'u', password: 'sesame', auth: '' } } }
  fake.put(`${core}/secrets/cde-registry`, secret({ '.dockerconfigjson': JSON.stringify(pull) }))
  fake.put(`${core}/secrets/cde-proxy`, secret({ login: 'ann:p%3Aw%20%25', 'ca.crt': 'PROXY CA' }))
  const directory = join(await temporaryDirectory(t), 'site')
  const where = { namespace: 'site', kubeconfig: '/here/kubeconfig' }
  const ask = (draft = {}, source: object = { bundle: '/media/new.bundle' }) =>
    siteAnswers(fake.connect(), { draft, where, source: source as Record<string, unknown> }, directory)
  return { fake, ask, directory }
}

test('the answers of a site come with every file that they name, from the cluster alone', async (t) => {
  const { ask, directory } = await site(t)
  const answers = await ask()
  const text = (file?: string) => readFile(file ?? '', 'utf8')
  assert.equal(answers.bundle, '/media/new.bundle')
  assert.equal(answers.kubeconfig, '/here/kubeconfig')
  assert.deepEqual(answers.values, kept.values)
  assert.deepEqual(
    await Promise.all(
      [
        ...[answers.license, answers.trust[0], answers.registry.caFile, answers.registry.passwordFile],
        ...[answers.proxy?.loginFile, answers.proxy?.caFile],
      ].map(text),
    ),
    ['LICENSE', 'KEY', 'CA', 'sesame', 'ann:p:w %', 'PROXY CA'],
  )
  assert.ok([answers.license, ...answers.trust].every((file) => file.startsWith(directory)))
})

test('what changes counts more, group by group; null takes an answer away, a release takes the place of a bundle', async (t) => {
  const { ask } = await site(t)
  const draft = { host: 'new.site.example', registry: { address: 'other.example' }, values: { logging: null } }
  const answers = await ask(draft, { release: 'r.example/cde/release:1.1.0' })
  assert.equal(answers.host, 'new.site.example')
  assert.deepEqual([answers.registry.address, answers.registry.kind], ['other.example', 'existing'])
  assert.deepEqual(answers.values, { manager: { requestsPerSecond: 50 } })
  assert.deepEqual([answers.bundle, answers.release], [undefined, 'r.example/cde/release:1.1.0'])
})

test('answers that no longer fit are refused by name, with the file that helps', async (t) => {
  const { ask } = await site(t)
  await assert.rejects(ask({ host: 'no host' }), {
    code: 'USAGE_ANSWERS',
    message: /not enough for this release: host: /,
    fix: 'put host into a file, and name it: --answers FILE',
  })
})

test('what is not enough is mended as often as it takes, where somebody can be asked', async (t) => {
  const { fake, directory } = await site(t)
  const asked: string[] = []
  const known: Record<string, Draft> = { '/host': { host: 'cde.example' }, '/license': { license: '/my/license' } }
  const mend = async (draft: Draft, { pointer }: Fault) => {
    asked.push(pointer)
    return known[pointer] && { ...draft, ...known[pointer] }
  }
  const source = { bundle: '/media/new.bundle' }
  const changes = { draft: { host: 'no host', license: null }, where: { namespace: 'site' }, source, mend }
  const answers = await siteAnswers(fake.connect(), changes, directory)
  assert.deepEqual([answers.host, answers.license], ['cde.example', '/my/license'])
  assert.deepEqual(asked.toSorted(), ['/host', '/license'])
  delete known['/host']
  await assert.rejects(siteAnswers(fake.connect(), changes, directory), { code: 'USAGE_ANSWERS' })
})

test('a file of changes needs nothing but what changes; keys and license of the command line are absolute', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'changes.yaml')
  await writeFile(file, 'host: cde.example\nregistry: {caFile: ca.crt}\n')
  const changes = changesOf({ file, trust: ['key.pub'], license: 'l' })
  assert.deepEqual(changes, {
    ...{ host: 'cde.example', registry: { caFile: join(directory, 'ca.crt') } },
    ...{ trust: [join(process.cwd(), 'key.pub')], license: join(process.cwd(), 'l') },
  })
})
