import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readAnswers } from '../../../installer/src/answers/read.ts'
import { imagesToSeed } from '../../../installer/src/checks/images.ts'
import { namespace } from '../../../installer/src/checks/namespace.ts'
import { olderRelease } from '../../../installer/src/checks/older-release.ts'
import { createContext } from '../../../installer/src/install/context.ts'
import { reporterOf } from '../../../installer/src/install/events.ts'
import { install } from '../../../installer/src/install/install.ts'
import { openInstallation } from '../../../installer/src/install/open.ts'
import { namespaceStage } from '../../../installer/src/install/stages/namespace.ts'
import { registryStage } from '../../../installer/src/install/stages/registry.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { lockState } from '../../../installer/src/stores/state-lock.ts'
import { licenseKeys } from '../../fixtures/release.ts'
import { editRelease, type Loose, reseal } from '../../fixtures/reseal.ts'
import { site } from './site.ts'

const signal = new AbortController().signal

/** Runs an installation and tells how it was refused and which stages had begun. */
async function refusal(answersFile: string) {
  const stages: string[] = []
  const answers = readAnswers(answersFile)
  const failed = async () => {
    const deps = await openInstallation(answers, path.join(path.dirname(answersFile), 'state'))
    try {
      await install(answers, deps, (event) => event.type === 'stage-start' && stages.push(event.stage), signal)
    } finally {
      await deps.close()
    }
  }
  const error = await failed().then(
    () => assert.fail('it was not refused'),
    (e: SealiftError) => e,
  )
  return { code: error.code, exitCode: error.exitCode, stages, error }
}

test('a license that is free, ended, forged or none stops an air-gapped installation in its first stage', async (t) => {
  const { at, license } = await site(t)
  const now = Math.floor(Date.now() / 1000)
  const cases: [string, () => Promise<void> | void][] = [
    ['LICENSE_AIRGAP', () => license({ tier: 'free' })],
    ['LICENSE_EXPIRED', () => license({ license_expires: now - 20, exp: now - 10 })],
    ['LICENSE_FORGED', () => license({}, licenseKeys().privateKey)],
    ['LICENSE_MALFORMED', () => writeFileSync(at('my.license'), 'not a license')],
  ]
  for (const [code, prepare] of cases) {
    await prepare()
    const refused = await refusal(at('answers.yaml'))
    assert.deepEqual([refused.code, refused.exitCode, refused.stages], [code, 4, ['license']])
    assert.ok(refused.error.fix)
  }
})

test('what installs from a bundle or a registry of the site needs the right to it, whatever the answers say', async (t) => {
  const { at, license } = await site(t)
  await license({ tier: 'free', features: { airgap: false, seats: 5 } })
  const answers = readFileSync(at('answers.yaml'), 'utf8')
  const answer = (mode: string, registry: string) =>
    writeFileSync(
      at('answers.yaml'),
      answers.replace('mode: airgapped', `mode: ${mode}`).replace(/registry: .*/, `registry: ${registry}`),
    )
  writeFileSync(at('ca.crt'), 'a certificate')
  for (const mode of ['connected', 'restricted', 'airgapped'])
    for (const registry of [
      '{kind: serve, address: "127.0.0.1:1", plainHttp: true}',
      '{kind: seed, address: "127.0.0.1:1", plainHttp: true}',
      '{kind: existing, address: "127.0.0.1:1", plainHttp: true}',
      '{kind: existing, address: "harbor.site.example/mirror"}',
      '{kind: serve, address: registry.sealift.example}',
      '{kind: seed, address: registry.sealift.example}',
      '{kind: existing, address: registry.sealift.example, caFile: ca.crt}',
      '{kind: existing, address: registry.sealift.example, plainHttp: true}',
      '{kind: existing, address: "registry.sealift.example:5000"}',
      '{kind: existing, address: registry.sealift.example/mirror}',
    ]) {
      answer(mode, registry)
      const refused = await refusal(at('answers.yaml'))
      assert.deepEqual([refused.code, refused.exitCode, refused.stages], ['LICENSE_AIRGAP', 4, ['license']], registry)
    }
  // straight from where it is published: what stops it is the cluster
  answer('connected', '{kind: existing, address: registry.sealift.example}')
  assert.equal((await refusal(at('answers.yaml'))).code, 'CLUSTER_UNREACHABLE')
})

test('a bundle with one byte changed is refused before the cluster is asked', async (t) => {
  const { at } = await site(t)
  const bytes = readFileSync(at('cde.bundle'))
  const layer = bytes.indexOf('xxxxxxxx')
  bytes[layer] = 0x79
  writeFileSync(at('cde.bundle'), bytes)
  const refused = await refusal(at('answers.yaml'))
  assert.deepEqual([refused.code, refused.exitCode, refused.stages], ['BUNDLE_CONTENT', 3, ['license', 'verify']])
})

test('a bundle signed by an unknown key, and one that is missing, are refused before any stage', async (t) => {
  const { at } = await site(t)
  const other = await site(t)
  writeFileSync(at('vendor.pub'), readFileSync(other.at('vendor.pub')))
  assert.deepEqual((({ code, stages }) => [code, stages])(await refusal(at('answers.yaml'))), ['BUNDLE_UNTRUSTED', []])
  await rm(at('cde.bundle'))
  assert.deepEqual((({ code, stages }) => [code, stages])(await refusal(at('answers.yaml'))), ['BUNDLE_MISSING', []])
})

test('a cluster that does not answer is named with the command that checks it', async (t) => {
  const { at } = await site(t)
  const refused = await refusal(at('answers.yaml'))
  assert.deepEqual([refused.code, refused.exitCode], ['CLUSTER_UNREACHABLE', 6])
  assert.deepEqual(refused.stages, ['license', 'verify', 'preflight'])
  assert.match(refused.error.message, /https:\/\/127\.0\.0\.1:1/)
  assert.match(refused.error.fix ?? '', /kubectl --kubeconfig \S+kubeconfig cluster-info/)
})

test('a second installation from the same state directory is refused while the first one works', async (t) => {
  const { at } = await site(t)
  const answers = readAnswers(at('answers.yaml'))
  const deps = await openInstallation(answers, at('state'))
  t.after(() => deps.close())
  const release = await lockState(at('state'))
  t.after(release)
  await assert.rejects(
    install(answers, { ...deps, lockWait: 0 }, () => {}, signal),
    { code: 'USAGE_LOCKED' },
  )
})

test('a registry that lacks images is refused with what is missing and how to bring it there', async (t) => {
  const { at } = await site(t)
  const deps = await openInstallation(readAnswers(at('answers.yaml')), at('state'))
  t.after(() => deps.close())
  const registry = memoryStore('registry of the site')
  const context = createContext(readAnswers(at('answers.yaml')), { ...deps, registry }, signal, [])
  await assert.rejects(
    registryStage.run(
      context,
      reporterOf('registry', () => {}),
    ),
    (error: SealiftError) => {
      assert.equal(error.code, 'REGISTRY_INCOMPLETE')
      assert.match(error.why ?? '', /127\.0\.0\.1:1\/mirror\/cde\/(manager|workspace)@sha256:/)
      assert.match(error.fix ?? '', /sealift serve \S+cde\.bundle/)
      return true
    },
  )
  // days before, where the installation seeds it, that is no fault
  const seen = await imagesToSeed.run(context, () => {})
  assert.equal(seen.state, 'skipped')
  const [, missing, all] = /^the installation puts them there: \S+ lacks (\d+) of (\d+) parts/.exec(seen.found) ?? []
  assert.ok(all !== undefined && missing === all, seen.found)
})

test('a chart that is no archive of plain files is refused before Helm sees it, although the vendor signed it', async (t) => {
  const { at, keys } = await site(t)
  await reseal(at('cde.bundle'), keys, (index, put, take) => {
    const chart = index.manifests.find((one: Loose) => one.annotations['dev.sealift.role'] === 'chart')
    const layer = { mediaType: mediaTypes.helmChart, ...put({ no: 'archive' }) }
    const config = { mediaType: mediaTypes.helmConfig, ...put({ name: 'cde' }) }
    Object.assign(chart, put({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] }))
    editRelease(index, put, take, (release) => {
      release.chart.digest = chart.digest
    })
  })
  const deps = await openInstallation(readAnswers(at('answers.yaml')), at('state'))
  t.after(() => deps.close())
  const context = createContext(readAnswers(at('answers.yaml')), deps, signal, [])
  await assert.rejects(context.chart(), { code: 'BUNDLE_CHART' })
})

const restricted = {
  metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  status: { phase: 'Active' },
}

test('an older release is not installed over a newer one', async (t) => {
  const { at } = await site(t)
  const deps = await openInstallation(readAnswers(at('answers.yaml')), at('state'))
  t.after(() => deps.close())
  const context = createContext(readAnswers(at('answers.yaml')), deps, signal, [])
  const checkOver = (version: string) => {
    const receipt = JSON.stringify({ release: { version } })
    const core = {
      readNamespace: async () => restricted,
      readNamespacedConfigMap: async () => ({ data: { 'receipt.json': receipt } }),
    }
    const cluster = {
      server: 'https://cluster.test',
      flags: '',
      core,
      find: async (_: string, ask: () => unknown) => ask(),
    }
    return olderRelease.run({ ...context, cluster: () => cluster as never }, () => {})
  }
  for (const newer of ['0.1.1', '0.2.0-rc.1', '1.0.0'])
    await assert.rejects(checkOver(newer), { code: 'BUNDLE_OLDER' }, newer)
  for (const other of ['0.1.0', '0.0.9', 'not a version']) assert.equal((await checkOver(other)).state, 'passed', other)
})

test("a namespace that is somebody else's has to be restricted by them; one of ours is by the installation", async (t) => {
  const { at } = await site(t)
  const deps = await openInstallation(readAnswers(at('answers.yaml')), at('state'))
  t.after(() => deps.close())
  const context = createContext(readAnswers(at('answers.yaml')), deps, signal, [])
  const applied: Loose[] = []
  const over = (labels: Record<string, string> | undefined) => {
    const found = labels && { metadata: { labels }, status: { phase: 'Active' } }
    const cluster = {
      server: 'https://cluster.test',
      flags: '',
      core: {
        readNamespace: async () => found ?? Promise.reject(new Error('404')),
        readNamespacedConfigMap: async () => undefined,
      },
      objects: { patch: async (object: Loose) => applied.push(object) },
      find: async (_: string, ask: () => Promise<unknown>) => ask().catch(() => undefined),
      request: async (_: string, ask: () => unknown) => ask(),
    }
    return { ...context, cluster: () => cluster as never }
  }
  const enforce = 'pod-security.kubernetes.io/enforce'
  const check = (labels: Record<string, string> | undefined) => namespace.run(over(labels), () => {})
  const ours = { 'app.kubernetes.io/managed-by': 'sealift' }
  for (const labels of [{}, { [enforce]: 'baseline' }, { [enforce]: 'privileged', team: 'x' }])
    await assert.rejects(check(labels), (error: SealiftError) => {
      assert.equal(error.code, 'CLUSTER_POD_SECURITY')
      assert.match(error.fix ?? '', /label namespace \S+ pod-security\.kubernetes\.io\/enforce=restricted/)
      return true
    })
  for (const labels of [undefined, { [enforce]: 'restricted' }, ours, { ...ours, [enforce]: 'baseline' }])
    assert.equal((await check(labels)).state, 'passed')

  assert.equal(await namespaceStage.needed(over({ [enforce]: 'restricted' })), false)
  for (const labels of [undefined, ours, { ...ours, [enforce]: 'privileged' }]) {
    const there = over(labels)
    assert.equal(await namespaceStage.needed(there), true)
    await namespaceStage.run(
      there,
      reporterOf('namespace', () => {}),
    )
    assert.partialDeepStrictEqual(applied.pop()?.metadata.labels, {
      ...ours,
      [enforce]: 'restricted',
      [`${enforce}-version`]: 'v1.30',
    })
  }
})
