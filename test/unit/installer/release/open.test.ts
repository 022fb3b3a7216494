import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readGraph } from '@sealift/bundle-spec/graph.ts'
import { openChart, openFile } from '../../../../installer/src/stores/bundle/release.ts'
import { bundleGraph } from '../../../../installer/src/stores/bundle/verify.ts'
import { verifyRelease } from '../../../../installer/src/stores/release/verify.ts'
import { collect, digestOf } from '../registry/fake-registry.ts'
import { published } from './published.ts'

test('a release that was seeded is opened by its name, and is what the bundle file is', async (t) => {
  const { open, bundle, registry, name, held, fake } = await published(t)
  const release = await open()
  assert.equal(release.path, `${name}@${digestOf(held()?.bytes as Buffer)}`)
  assert.equal(release.registry, registry)
  assert.deepEqual(
    [release.indexDigest, release.signedBy, release.artifacts],
    [bundle.indexDigest, bundle.signedBy, bundle.artifacts],
  )
  assert.deepEqual([release.release.name, release.release.version], ['cde', '0.1.0'])
  const progress: number[] = []
  const graph = await verifyRelease(release, { onProgress: (done) => progress.push(done) })
  const digests = ({ nodes }: { nodes: readonly { descriptor: { digest: string } }[] }) =>
    nodes.map(({ descriptor }) => descriptor.digest).sort()
  assert.deepEqual(digests(graph), digests(await bundleGraph(bundle)))
  assert.ok(progress.length > graph.nodes.length, 'a layer of two images is looked for in both repositories')
  const manager = 'registry.sealift.example/cde/manager:0.1.0'
  const descriptor = await release.store.resolve(manager)
  assert.equal((await readGraph(release.store, [{ descriptor, source: manager, target: manager }])).nodes.length, 4)
  assert.equal((await collect(await (await openFile(release, 'tool')).bytes())).toString(), 'a tool\n')
  const chart = await collect(await (await openChart(release)).bytes())
  assert.deepEqual(chart, await collect(await (await openChart(bundle)).bytes()))
  assert.ok(fake.seen.every(({ method }) => method === 'HEAD' || method === 'GET'))
})

test('after the name was resolved nothing but digests is asked for, and layers of images are not read', async (t) => {
  const { open, fake, options } = await published(t)
  await verifyRelease(await open())
  const named = fake.seen.filter(({ url }) => !/sha256:[0-9a-f]{64}$/.test(url))
  assert.deepEqual(
    named.map(({ method, url }) => `${method} ${url}`),
    ['HEAD /v2/mirror/cde/charts/cde/release/manifests/0.1.0'],
  )
  const layer = digestOf(Buffer.from(`base layer ${'x'.repeat(3000)}`))
  assert.ok(options.registry)
  assert.deepEqual(
    [...new Set(fake.seen.filter(({ url }) => url.endsWith(layer)).map(({ method }) => method))],
    ['HEAD'],
  )
})

test('a release is opened by digest, with or without its version', async (t) => {
  const { open, name, held } = await published(t)
  const digest = digestOf(held()?.bytes as Buffer)
  const repository = name.replace(/:0\.1\.0$/, '')
  assert.equal((await open(`${name}@${digest}`)).path, `${name}@${digest}`)
  assert.equal((await open(`${repository}@${digest}`)).path, `${repository}@${digest}`)
})
