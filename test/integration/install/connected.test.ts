import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import type { Graph } from '@sealift/bundle-spec/graph.ts'
import { signMessage } from '@sealift/bundle-spec/sign.ts'
import { signedIndexArtifact } from '@sealift/bundle-spec/signed-index.ts'
import { readAnswers } from '../../../installer/src/answers/read.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { createAuthority } from '../../../installer/src/certificates/issue.ts'
import { images } from '../../../installer/src/checks/images.ts'
import { olderRelease } from '../../../installer/src/checks/older-release.ts'
import { createContext } from '../../../installer/src/install/context.ts'
import { openInstallation } from '../../../installer/src/install/open.ts'
import { siteRegistry } from '../../../installer/src/install/registry-access.ts'
import { seedRegistry } from '../../../installer/src/seed/seed.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import { bundleGraph } from '../../../installer/src/stores/bundle/verify.ts'
import { registryStore } from '../../../installer/src/stores/registry/store.ts'
import { openRelease } from '../../../installer/src/stores/release/open.ts'
import { verifyRelease } from '../../../installer/src/stores/release/verify.ts'
import { bundleLookout } from '../../../installer/src/wizard/looks/bundle.ts'
import { licenseLookout } from '../../../installer/src/wizard/looks/license.ts'
import type { Lookout } from '../../../installer/src/wizard/looks/look.ts'
import { registryLookout } from '../../../installer/src/wizard/looks/registry.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { signingKeys, smallRelease } from '../../fixtures/release.ts'
import { startRegistry } from '../../lab/registry.ts'
import { collect, digestOf, manifestName, storeFor } from '../../unit/installer/registry/fake-registry.ts'
import { attempt, connectedSite, tlsRegistry } from './connected-site.ts'

const signal = new AbortController().signal
const cli = new URL('../../../installer/src/cli/sealift.mjs', import.meta.url).pathname
const free = { tier: 'free', features: { airgap: false, seats: 5 } } as const

test('from where the vendor publishes a free license installs without a bundle file, and all is proven before the cluster is asked', async (t) => {
  const { at, vendor, license, answer, release } = await connectedSite(t)
  await license(free)
  for (const mode of ['connected', 'restricted']) {
    await answer({ mode, release: release(vendor), registry: { kind: 'existing', address: vendor.host } })
    const { code, stages, said } = await attempt(at('answers.yaml'))
    assert.equal(code, 'CLUSTER_UNREACHABLE')
    assert.deepEqual(stages.slice(0, 2), ['license', 'verify'])
    assert.match(
      said.join('\n'),
      /it is \S+\/release:0\.1\.0@sha256:[0-9a-f]{64}\n.*every document holds and every part is there/,
    )
  }
  assert.ok(vendor.seen.every(({ method }) => method === 'HEAD' || method === 'GET'))
})

test('whatever comes from a copy needs the right to air-gapped mode, wherever the release is read and whatever the answers say', async (t) => {
  const { at, vendor, copy, license, answer, release } = await connectedSite(t)
  await license(free)
  const existing = (address: string, more = {}) => ({ kind: 'existing', address, ...more })
  for (const mode of ['connected', 'restricted', 'airgapped'])
    for (const from of [vendor, copy])
      for (const registry of [
        existing(copy.host),
        existing(`${copy.host}/mirror`),
        existing(`${vendor.host}/mirror`),
        existing(vendor.host.replace(/:.*/, '')),
        existing(vendor.host, { caFile: 'ca.crt' }),
      ]) {
        await answer({ mode, release: release(from), registry })
        const { code, stages, error } = await attempt(at('answers.yaml'))
        assert.deepEqual([code, error?.exitCode, stages], ['LICENSE_AIRGAP', 4, ['license']], JSON.stringify(registry))
      }
  await answer({ mode: 'airgapped', release: release(vendor), registry: existing(vendor.host) })
  assert.equal((await attempt(at('answers.yaml'))).code, 'LICENSE_AIRGAP')
  // a release can't say that it is published elsewhere: the vendor signed where
  await license()
  await answer({ release: release(copy), registry: existing(copy.host) })
  assert.deepEqual((await attempt(at('answers.yaml'))).code, 'CLUSTER_UNREACHABLE')
})

test('a kind of registry that takes the bundle file is refused where there is none', async (t) => {
  const { at, vendor, answer, release } = await connectedSite(t)
  for (const kind of ['serve', 'seed']) {
    await answer({ release: release(vendor), registry: { kind, address: vendor.host } })
    await assert.rejects(async () => readAnswers(at('answers.yaml')), { code: 'USAGE_ANSWERS' })
  }
})

test('helm, chart and images come out of it as they come out of the bundle', async (t) => {
  const { at, copy, vendor, bundle, answer, release } = await connectedSite(t)
  await answer({ release: release(vendor), registry: { kind: 'existing', address: copy.host } })
  const answers = readAnswers(at('answers.yaml'))
  const deps = await openInstallation(answers, at('state'))
  t.after(() => deps.close())
  await answer({ bundle: 'cde.bundle', registry: { kind: 'serve', address: copy.host } })
  const fromFile = await openInstallation(readAnswers(at('answers.yaml')), at('other'))
  t.after(() => fromFile.close())
  const context = createContext(answers, deps, signal, [])
  const other = createContext(answers, fromFile, signal, [])
  assert.deepEqual(await readFile(await context.chart()), await readFile(await other.chart()))
  const file = await collect(await (await deps.bundle.file('tool')).bytes())
  assert.deepEqual(file, await collect(await (await fromFile.bundle.file('tool')).bytes()))
  assert.deepEqual(deps.bundle.release, fromFile.bundle.release)
  assert.deepEqual(
    [deps.bundle.indexDigest, deps.bundle.releaseDigest, deps.bundle.signedBy],
    [bundle.indexDigest, fromFile.bundle.releaseDigest, bundle.signedBy],
  )
  assert.partialDeepStrictEqual(await images.run(context, () => {}), { state: 'passed' })
  const layer = digestOf(Buffer.from('manager'))
  copy.links?.delete(`cde/manager@${layer}`)
  await assert.rejects(
    async () => images.run(context, () => {}),
    (error: Error & { fix?: string }) => {
      assert.match(error.fix ?? '', /^sealift seed BUNDLE --to /)
      return true
    },
  )
  await assert.rejects(deps.seed({ signal, onProgress: () => {} }), { code: 'USAGE_ANSWERS' })
})

test('a wizard sees of it what it sees of a bundle, and whether the license is enough', async (t) => {
  const { at, vendor, copy, license, release } = await connectedSite(t)
  await license(free)
  const look = async ({ run }: Lookout, from: typeof vendor, pulled: typeof vendor) => {
    const facts: Record<string, string> = {}
    const draft = {
      mode: 'connected',
      release: release(from),
      trust: [at('vendor.pub')],
      license: at('my.license'),
      registry: { kind: 'existing', address: pulled.host },
    }
    const fact = (label: string, text: string) => {
      facts[label] = text
    }
    await run({ draft, signal, fact, choices: () => {} })
    return facts
  }
  const seen = await look(bundleLookout, vendor, vendor)
  assert.equal(seen.Release, 'cde 0.1.0')
  assert.match(seen['Found as'] ?? '', /release:0\.1\.0@sha256:/)
  assert.equal((await look(licenseLookout, copy, vendor)).Customer, 'Example Bank')
  await assert.rejects(look(licenseLookout, vendor, copy), { code: 'LICENSE_AIRGAP' })
  assert.equal((await look(registryLookout, vendor, copy)).Images, '2 of 2 are there')
})

test('a release at a registry with a CA of its own is read where the answers name that CA', async (t) => {
  const { at, vendor, bundle, answer, license, release } = await connectedSite(t)
  await license(free)
  const day = 86_400_000
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }
  const authority = await createAuthority('CA of a mirror', ['127.0.0.1'], validity)
  const mirror = await tlsRegistry(t, authority)
  const to = storeFor(t, [mirror], {
    registries: { [mirror.host]: { caPem: authority.certificate } },
  })
  await seedRegistry({ bundle, to, registry: mirror.host })
  await writeFile(at('mirror.crt'), authority.certificate)
  const code = async (answers: Record<string, unknown>) => {
    await answer({ release: release(mirror), ...answers })
    return (await attempt(at('answers.yaml'))).code
  }
  const fromVendor = { registry: { kind: 'existing', address: vendor.host } }
  assert.equal(await code(fromVendor), 'REGISTRY_TLS')
  assert.equal(await code({ ...fromVendor, releaseCaFile: 'ca.crt' }), 'REGISTRY_TLS')
  // a free license still does: the images are the vendor's
  assert.equal(await code({ ...fromVendor, releaseCaFile: 'mirror.crt' }), 'CLUSTER_UNREACHABLE')
  // at the host of the images it is one CA more, and the nodes' is still to be named
  await license()
  const same = { kind: 'existing', address: mirror.host }
  assert.equal(
    await code({ releaseCaFile: 'mirror.crt', registry: { ...same, caFile: 'mirror.crt' } }),
    'CLUSTER_UNREACHABLE',
  )
  assert.equal(
    await code({ releaseCaFile: 'ca.crt', registry: { ...same, caFile: 'mirror.crt' } }),
    'CLUSTER_UNREACHABLE',
  )

  const facts: string[] = []
  const draft = { release: release(mirror), releaseCaFile: at('mirror.crt'), trust: [at('vendor.pub')] }
  await bundleLookout.run({ draft, signal, fact: (_, text) => void facts.push(text), choices: () => {} })
  assert.equal(facts[0], 'cde 0.1.0')
})

test('an older release in a registry is not installed over a newer one', async (t) => {
  const { at, vendor, answer, release } = await connectedSite(t)
  await answer({ release: release(vendor), registry: { kind: 'existing', address: vendor.host } })
  const answers = readAnswers(at('answers.yaml'))
  const deps = await openInstallation(answers, at('state'))
  t.after(() => deps.close())
  const context = createContext(answers, deps, signal, [])
  const over = (version: string) => ({
    ...context,
    cluster: () =>
      ({
        core: {
          readNamespacedConfigMap: async () => ({
            data: { 'receipt.json': JSON.stringify({ release: { version } }) },
          }),
        },
        find: async (_: string, ask: () => unknown) => ask(),
      }) as never,
  })
  await assert.rejects(async () => olderRelease.run(over('0.2.0'), () => {}), { code: 'BUNDLE_OLDER' })
  assert.partialDeepStrictEqual(await olderRelease.run(over('0.1.0'), () => {}), { state: 'passed' })
})

test('a registry that altered, moved or lost the release ends the installation before a stage, and the reason is said', async (t) => {
  const { at, vendor, bundle, answer, release } = await connectedSite(t)
  await answer({ release: release(vendor), registry: { kind: 'existing', address: vendor.host } })
  const put = (signature: Uint8Array) => {
    const { manifest, parts } = signedIndexArtifact({ index: bundle.signed.index, signature })
    for (const { bytes } of parts) {
      vendor.blobs.set(digestOf(bytes), Buffer.from(bytes))
      vendor.links?.add(`cde/charts/cde/release@${digestOf(bytes)}`)
    }
    for (const name of ['0.1.0', digestOf(manifest.bytes)])
      vendor.manifests.set(manifestName(vendor, 'cde/charts/cde/release', name), {
        type: mediaTypes.manifest,
        bytes: Buffer.from(manifest.bytes),
      })
  }
  put(signMessage(bundle.signed.index, signingKeys().privateKey))
  for (const [code, prepare] of [
    ['BUNDLE_UNTRUSTED', () => {}],
    ['REGISTRY_NOT_FOUND', () => vendor.manifests.delete(manifestName(vendor, 'cde/charts/cde/release', '0.1.0'))],
  ] as const) {
    prepare()
    const ended = await attempt(at('answers.yaml'))
    assert.deepEqual([ended.code, ended.stages], [code, []])
    assert.ok(ended.error?.why && ended.error.fix)
  }
})

test("what the answers say of the site's registry counts for its host alone: no password, CA or plain HTTP anywhere else", async (t) => {
  const { at, vendor, copy, answer, release } = await connectedSite(t)
  await writeFile(at('password'), 'secret\n')
  const login = { username: 'site', passwordFile: 'password' }
  const challenge = (fake: typeof vendor) => {
    fake.script = ({ headers }, response) =>
      headers.authorization === undefined
        ? response.writeHead(401, { 'content-length': 0, 'www-authenticate': 'Basic realm="x"' }).end()
        : false
  }
  challenge(vendor)
  challenge(copy)
  await answer({ release: release(vendor), registry: { kind: 'existing', address: copy.host, ...login } })
  assert.equal((await attempt(at('answers.yaml'))).code, 'REGISTRY_UNAUTHORIZED')
  assert.ok(vendor.seen.length > 0)
  assert.deepEqual(
    vendor.seen.filter(({ headers }) => headers.authorization !== undefined),
    [],
  )
  const site = siteRegistry(readAnswers(at('answers.yaml')))
  t.after(() => site.close())
  await assert.rejects(site.resolve(release(vendor)), { code: 'REGISTRY_UNAUTHORIZED' })
  assert.deepEqual(
    vendor.seen.filter(({ headers }) => headers.authorization !== undefined),
    [],
  )
  // there it is the login that docker has for it
  const auths = { [vendor.host]: { auth: Buffer.from('customer:its own').toString('base64') } }
  await writeFile(at('config.json'), JSON.stringify({ auths }))
  process.env.DOCKER_CONFIG = at('.')
  t.after(() => delete process.env.DOCKER_CONFIG)
  assert.equal((await attempt(at('answers.yaml'))).code, 'CLUSTER_UNREACHABLE')
  const sent = new Set(vendor.seen.flatMap(({ headers }) => headers.authorization ?? []))
  assert.deepEqual([...sent], [`Basic ${auths[vendor.host]?.auth}`])
  // at its own host it is used, for the release as for the images
  await answer({ release: release(copy), registry: { kind: 'existing', address: copy.host, ...login } })
  assert.equal((await attempt(at('answers.yaml'))).code, 'CLUSTER_UNREACHABLE')
  assert.ok(copy.seen.some(({ headers }) => headers.authorization?.startsWith('Basic ')))
  // neither is a registry elsewhere spoken to without TLS
  vendor.script = () => false
  const plain = { kind: 'existing', address: '127.0.0.1:1', plainHttp: true }
  await answer({ release: release(vendor), registry: plain })
  assert.equal((await attempt(at('answers.yaml'))).code, 'CLUSTER_UNREACHABLE')
})

test('a real registry gives back by name what the bundle file holds, and a second seed sends nothing', async (t) => {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  const bundle = await openBundle((await buildBundle(options)).path, trust)
  t.after(() => bundle.close())
  const auth = { username: 'site', password: 'secret' }
  const server = await startRegistry({ directory: `${directory}/registry`, tls: true, auth })
  t.after(() => server.stop())
  const caPem = await readFile(server.caFile as string, 'utf8')
  const store = registryStore({
    registries: { [server.host]: { caPem, credentials: auth } },
    dockerConfig: false,
    proxy: {},
  })
  t.after(() => store.close())
  const registry = `${server.host}/mirror`
  const { release: found } = await seedRegistry({ bundle, to: store, registry })
  assert.equal((await seedRegistry({ bundle, to: store, registry })).sent, 0)
  assert.equal(found?.reference, `${registry}/cde/charts/cde/release:0.1.0`)
  for (const name of [found.reference, `${found.reference}@${found.digest}`]) {
    const release = await openRelease({ name, from: store, trust })
    assert.equal(release.path, `${found.reference}@${found.digest}`)
    const graph = await verifyRelease(release)
    const digests = ({ nodes }: Graph) => nodes.map((node) => node.descriptor.digest).sort()
    assert.deepEqual(digests(graph), digests(await bundleGraph(bundle)))
  }
  // a command for those who want to see it, by its own name and by the vendor's where a mirror has it
  const at = (name: string) => `${directory}/${name}`
  await writeFile(at('password'), auth.password)
  await writeFile(at('vendor.pub'), trust[0] as string)
  const reach = { ca: server.caFile, username: auth.username, passwordFile: 'password' }
  const vendors = 'registry.sealift.example'
  const registries = { [server.host]: reach, [vendors]: { mirrors: [registry] } }
  await writeFile(at('registries.yaml'), JSON.stringify({ registries }))
  const verify = async (name: string, ...more: string[]) => {
    const words = [cli, 'bundle', 'verify', name, '--trust', at('vendor.pub'), '--registries', at('registries.yaml')]
    return (await promisify(execFile)(process.execPath, [...words, ...more])).stdout
  }
  const { path, version, index } = JSON.parse(await verify(`oci://${found.reference}`, '--json'))
  assert.deepEqual([path, version, index], [`${found.reference}@${found.digest}`, '0.1.0', bundle.indexDigest])
  const mirrored = await verify(`oci://${vendors}/cde/charts/cde/release:0.1.0`)
  assert.match(mirrored, /is there: cde 0\.1\.0, all \d+ parts, signed by .*; layers were not read/)
  await assert.rejects(verify(`oci://${registry}/cde/charts/cde/release:0.2.0`), {
    code: 5,
    stderr: /REGISTRY_NOT_FOUND/,
  })
  await assert.rejects(verify('oci://cde/release:0.1.0'), { code: 2, stderr: /USAGE_REFERENCE/ })
})
