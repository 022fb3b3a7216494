import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { registryStore } from '../../../installer/src/stores/registry/store.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { push, putPlatform, putReferrer, releaseOf } from '../../integration/build-sources-release.ts'
import { fakeRegistry } from './registry/fake-registry.ts'

/** A registry with one image, whose referrers API answers as told. */
async function site(t: TestContext, answer: (response: ServerResponse, url: string) => void) {
  const fake = await fakeRegistry(t)
  fake.script = (request, response) => {
    if (!request.url?.includes('/referrers/')) return false
    answer(response, request.url)
    return true
  }
  const retry = { attempts: 1, base: 1 }
  const store = registryStore({
    registries: { [fake.host]: { plainHttp: true } },
    dockerConfig: false,
    proxy: {},
    retry,
  })
  t.after(() => store.close())
  const memory = memoryStore()
  const image = putPlatform(memory, 'linux/amd64', ['x'])
  await push(memory, store, image, `${fake.host}/cde/x:1`)
  const line = `{name: x, reference: "${fake.host}/cde/x:1", role: component}`
  const { options } = await releaseOf(await temporaryDirectory(t), store, [line])
  return { fake, memory, store, image, options, repository: `${fake.host}/cde/x` }
}

const list = (manifests: readonly unknown[]) =>
  JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests })

test('a server that answers everything with a page for people has no referrers', async (t) => {
  const { options } = await site(t, (response) => response.end('<html>welcome</html>'))
  assert.equal((await buildBundle(options)).referrers, 0)
})

test('all pages of a list are read, each referrer once', async (t) => {
  const found: { digest: string }[] = []
  const { options, memory, store, image, repository } = await site(t, (response, url) => {
    const page = Number(/page=(\d)/.exec(url)?.[1] ?? 0)
    const own = url.includes(image.digest)
    if (own && page < 2)
      response.setHeader('link', `</v2/cde/x/referrers/${image.digest}?page=${page + 1}>; rel="next"`)
    response.end(list(own ? [found[page], found[0]] : []))
  })
  for (const text of ['one', 'two', 'three']) {
    const referrer = putReferrer(memory, image, 'text/plain', text)
    await push(memory, store, referrer, `${repository}@${referrer.digest}`)
    found.push(referrer)
  }
  assert.equal((await buildBundle(options)).referrers, 3)
})

test('a list without an end, one that goes on at another host and one too long are refused', async (t) => {
  const next = (to: string) => (response: ServerResponse) =>
    response.writeHead(200, { link: `<${to}>; rel="next"` }).end(list([]))
  for (const answer of [
    next('?again=1'),
    next('http://elsewhere.example/v2/'),
    (response: ServerResponse) => response.end(list([' '.repeat(5 << 20)])),
  ]) {
    const { options } = await site(t, answer)
    await assert.rejects(buildBundle(options), code('REGISTRY_PROTOCOL'))
  }
})

test('a list that names what is about something else, or is no manifest, brings nothing', async (t) => {
  const { options, memory, store, repository } = await site(t, (response) =>
    response.end(list([stranger, { ...stranger, mediaType: 'application/octet-stream' }])),
  )
  const other = putPlatform(memory, 'linux/amd64', ['another'])
  const stranger = putReferrer(memory, other, 'text/plain', 'about another')
  await push(memory, store, stranger, `${repository}@${stranger.digest}`)
  assert.equal((await buildBundle(options)).referrers, 0)
})

test('a list of what is not there fails the build, and so does one with more than belongs to an image', async (t) => {
  const missing = { mediaType: mediaTypes.manifest, digest: `sha256:${'a'.repeat(64)}`, size: 10 }
  const { options } = await site(t, (response) => response.end(list([missing])))
  await assert.rejects(buildBundle(options), code('REGISTRY_NOT_FOUND'))
  const many: unknown[] = []
  const flooded = await site(t, (response, url) => response.end(list(url.includes(flooded.image.digest) ? many : [])))
  for (let i = 0; i < 1001; i++) {
    const referrer = putReferrer(flooded.memory, flooded.image, 'text/plain', String(i))
    const chunks: Uint8Array[] = []
    for await (const chunk of await flooded.memory.open('', referrer)) chunks.push(chunk)
    flooded.fake.manifests.set(referrer.digest, { type: mediaTypes.manifest, bytes: Buffer.concat(chunks) })
    many.push(referrer)
  }
  await assert.rejects(buildBundle(flooded.options), code('BUILD_REFERRERS'))
})
