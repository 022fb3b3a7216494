import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyGraph } from '@sealift/bundle-spec/copy.ts'
import { type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { readGraph, repositoryOf } from '@sealift/bundle-spec/graph.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { code } from '../../fixtures/code.ts'
import { putImage } from '../../fixtures/release.ts'

const root = (descriptor: Descriptor, name = 'r.example/a:1') => ({ descriptor, source: name, target: name })

test('the repository of a reference is what stands before tag and digest', () => {
  assert.equal(repositoryOf('r.example:5000/a/b:1'), 'r.example:5000/a/b')
  assert.equal(repositoryOf('r.example:5000/a/b'), 'r.example:5000/a/b')
  assert.equal(repositoryOf(`r.example/a:1@sha256:${'0'.repeat(64)}`), 'r.example/a')
})

test('shared content stands once, with every repository that it belongs in, children first', async () => {
  const store = memoryStore()
  const a = await putImage(store, 'a', ['shared', 'a'])
  const b = await putImage(store, 'b', ['shared', 'b'])
  const graph = await readGraph(store, [root(a, 'r.example/a:1'), root(b, 'r.example/b:1')])
  assert.equal(graph.nodes.length, 7)
  assert.deepEqual(graph.nodes.find((n) => n.targets.length === 2)?.targets, ['r.example/a', 'r.example/b'])
  assert.equal(graph.nodes.findIndex((n) => n.descriptor.digest === a.digest) > 2, true)
})

test('copying sends shared content once and names things last', async () => {
  const from = memoryStore()
  const graph = await readGraph(from, [
    root(await putImage(from, 'a', ['shared', 'a']), 'r.example/a:1'),
    root(await putImage(from, 'b', ['shared', 'b']), 'r.example/b:1'),
  ])
  const to = memoryStore()
  const order: string[] = []
  const watched = {
    ...to,
    tag: (...rest: Parameters<typeof to.tag>) => {
      order.push('tag')
      return to.tag(...rest)
    },
    write: (...rest: Parameters<typeof to.write>) => {
      order.push('write')
      return to.write(...rest)
    },
  }
  const { sent, outcomes } = await copyGraph(from, watched, graph)
  assert.equal(sent, graph.size)
  assert.deepEqual(outcomes, { sent: 7, mounted: 0, present: 1 })
  assert.equal(order.indexOf('tag'), order.lastIndexOf('write') + 1)
})

test('damaged content stops the copy before a name is given', async () => {
  const from = memoryStore()
  const descriptor = await putImage(from, 'a', ['layer'])
  const graph = await readGraph(from, [root(descriptor)])
  const lying = {
    ...from,
    open: async (...rest: Parameters<typeof from.open>) =>
      (async function* () {
        for await (const chunk of await from.open(...rest)) yield Buffer.from(chunk).fill(0)
      })(),
  }
  const to = memoryStore()
  await assert.rejects(copyGraph(lying, to, graph), code('BUNDLE_CONTENT'))
  await assert.rejects(to.resolve('r.example/a:1'), code('STORAGE_NOT_FOUND'))
})

test('an index in an index is walked, down to the limit', async () => {
  const store = memoryStore()
  let descriptor = await putImage(store, 'a', ['layer'])
  const nest = (child: Descriptor) =>
    store.put(toJson({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [child] }), mediaTypes.index)
  for (let i = 0; i < 6; i++) descriptor = nest(descriptor)
  await readGraph(store, [root(descriptor)])
  for (let i = 0; i < 4; i++) descriptor = nest(descriptor)
  await assert.rejects(readGraph(store, [root(descriptor)]), code('BUNDLE_LIMIT'))
})

test('10^12 paths through a few small documents cost nothing', async () => {
  const store = memoryStore()
  let descriptor = await putImage(store, 'a', ['layer'])
  for (let i = 0; i < 6; i++)
    descriptor = store.put(
      toJson({ mediaType: mediaTypes.index, manifests: Array(100).fill(descriptor), annotations: { i: String(i) } }),
      mediaTypes.index,
    )
  assert.equal((await readGraph(store, [root(descriptor)])).nodes.length, 9)
})

test('documents that are not what their descriptor says are refused by name', async () => {
  const store = memoryStore()
  const image = await putImage(store, 'a', ['layer'])
  const refused = (document: object, mediaType: string, expected: string) =>
    assert.rejects(readGraph(store, [root(store.put(toJson(document), mediaType))]), code(expected))
  await refused({ mediaType: mediaTypes.manifest, manifests: [image] }, mediaTypes.index, 'BUNDLE_DOCUMENT')
  await refused({ manifests: [image], layers: [] }, mediaTypes.index, 'BUNDLE_DOCUMENT')
  await refused({ layers: [] }, mediaTypes.manifest, 'BUNDLE_DESCRIPTOR')
  await refused({ manifests: 'x' }, mediaTypes.index, 'BUNDLE_DOCUMENT')
  await refused([], mediaTypes.index, 'BUNDLE_DOCUMENT')
  await refused(
    { manifests: [{ ...image, digest: image.digest.toUpperCase() }] },
    mediaTypes.index,
    'BUNDLE_DESCRIPTOR',
  )
  await refused({ manifests: [{ ...image, digest: 'sha256:../../etc/passwd' }] }, mediaTypes.index, 'BUNDLE_DESCRIPTOR')
  await refused({ manifests: [{ ...image, size: 1.5 }] }, mediaTypes.index, 'BUNDLE_DESCRIPTOR')
  await refused({ manifests: [image, { ...image, size: image.size + 1 }] }, mediaTypes.index, 'BUNDLE_DESCRIPTOR')
})

test('also an entry for another platform, which is not followed, is what it is said to be', async () => {
  const store = memoryStore()
  const image = await putImage(store, 'a', ['layer'])
  const on = (architecture: string, change: object = {}) => ({
    ...image,
    platform: { os: 'linux', architecture },
    ...change,
  })
  const original = (other: object) => ({
    ...store.put(toJson({ mediaType: mediaTypes.index, manifests: [on('amd64'), other] }), mediaTypes.index),
    annotations: { 'dev.sealift.platforms': 'linux/amd64' },
  })
  await readGraph(store, [root(original(on('arm64')))])
  for (const change of [{ size: image.size + 1 }, { mediaType: mediaTypes.dockerManifest }])
    await assert.rejects(readGraph(store, [root(original(on('arm64', change)))]), code('BUNDLE_DESCRIPTOR'))
  // one that is not there may be of any size
  await readGraph(store, [root(original(on('arm64', { digest: `sha256:${'0'.repeat(64)}`, size: 5 })))])
})
