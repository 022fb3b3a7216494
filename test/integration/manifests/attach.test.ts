import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { referrersTag } from '../../../installer/src/stores/referrers.ts'
import { registryStore } from '../../../installer/src/stores/registry/store.ts'
import { attach } from '../../../manifests/sbom/attach.ts'
import { sbomType } from '../../../manifests/sbom/document.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { createAuthority, issueCertificate } from '../../lab/certificates.ts'
import { startVendorRegistry } from '../../lab/vendor-registry.ts'
import { push, putPlatform, putReferrer } from '../build-sources-release.ts'

const document = (text: string) => ({ name: 'manager.cdx.json', type: sbomType, bytes: Buffer.from(text) })

/** An image at distribution 2.8 with TLS and a login, which has no referrers API, and our client for it. */
async function site(t: TestContext) {
  const registry = await startVendorRegistry(await temporaryDirectory(t))
  t.after(() => registry.stop())
  const { host, username, password, caFile } = registry
  const settings = { credentials: { username, password }, caPem: await readFile(caFile, 'utf8') }
  const store = registryStore({ registries: { [host]: settings }, dockerConfig: false })
  t.after(() => store.close())
  const memory = memoryStore()
  const image = putPlatform(memory, 'linux/amd64', ['manager'])
  await push(memory, store, image, `${host}/cde/manager:1`)
  return { registry, store, memory, image, repository: `${host}/cde/manager` }
}

test('an attached SBOM is found as a referrer of its image, and attaching it again changes nothing', async (t) => {
  const { registry, store, image, repository } = await site(t)
  const first = await attach(registry, 'cde/manager', image, document('{"bomFormat":"CycloneDX"}'))
  assert.equal(first.there, false)
  const [found, ...more] = await store.referrers(repository, image.digest)
  assert.deepEqual(more, [])
  assert.equal(found?.descriptor.digest, first.digest)
  const { bytes } = await store.read(`${repository}@${first.digest}`)
  const manifest = JSON.parse(Buffer.from(bytes).toString())
  assert.equal(manifest.artifactType, sbomType)
  assert.equal(manifest.subject.digest, image.digest)
  const chunks: Uint8Array[] = []
  for await (const chunk of await store.open(repository, manifest.layers[0])) chunks.push(Buffer.from(chunk))
  assert.equal(Buffer.concat(chunks).toString(), '{"bomFormat":"CycloneDX"}')
  assert.deepEqual(await attach(registry, 'cde/manager', image, document('{"bomFormat":"CycloneDX"}')), {
    digest: first.digest,
    there: true,
  })
  assert.equal((await store.referrers(repository, image.digest)).length, 1)
})

test('a new SBOM takes the place of the old one, and what others have attached stays', async (t) => {
  const { registry, store, memory, image, repository } = await site(t)
  const signature = putReferrer(memory, image, 'application/vnd.dev.sigstore.bundle.v0.3+json', 'signature')
  await push(memory, store, signature, `${repository}@${signature.digest}`)
  const list = memory.put(
    toJson({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [signature] }),
    mediaTypes.index,
  )
  await push(memory, store, list, `${repository}:${referrersTag(image.digest)}`)
  await attach(registry, 'cde/manager', image, document('old'))
  const { digest } = await attach(registry, 'cde/manager', image, document('new'))
  const digests = (await store.referrers(repository, image.digest)).map(({ descriptor }) => descriptor.digest)
  assert.deepEqual(digests, [signature.digest, digest])
})

test('a registry that lists referrers itself gets no list under a tag, and logs in by token', async (t) => {
  const directory = await temporaryDirectory(t)
  const authority = await createAuthority(directory, 'ca', 'authority of the test')
  const { certificateFile, keyFile } = await issueCertificate(authority, directory, 'server', {
    commonName: '127.0.0.1',
    ip: ['127.0.0.1'],
    usage: ['serverAuth'],
  })
  const subject: Descriptor = { mediaType: mediaTypes.manifest, digest: `sha256:${'0'.repeat(64)}`, size: 3 }
  const seen: string[] = []
  const tls = { cert: await readFile(certificateFile), key: await readFile(keyFile) }
  const server = createServer(tls, (request, response) => {
    const { pathname, origin, searchParams } = new URL(request.url ?? '', `https://${request.headers.host}`)
    const answer = (status: number, headers: Record<string, string> = {}, body = '') => {
      request.resume()
      response.writeHead(status, headers).end(body)
    }
    if (pathname === '/token') {
      seen.push(`token ${request.headers.authorization?.split(' ')[0]} ${searchParams.get('scope')}`)
      return answer(200, {}, '{"token":"t"}')
    }
    if (request.headers.authorization !== 'Bearer t')
      return answer(401, { 'www-authenticate': `Bearer realm="${origin}/token",service="s"` })
    seen.push(`${request.method} ${pathname.replace(/[0-9a-f]{64}/, '…')}`)
    if (request.method === 'HEAD') return answer(404)
    if (request.method === 'POST') return answer(202, { location: `${pathname}id?state=1` })
    return answer(201, pathname.includes('/manifests/') ? { 'oci-subject': subject.digest } : {})
  })
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const registry = { host, caFile: join(directory, 'ca.crt'), username: 'u', password: 'p' }
  await attach(registry, 'cde/manager', subject, document('{}x'))
  const upload = [
    'HEAD /v2/cde/manager/blobs/sha256:…',
    'POST /v2/cde/manager/blobs/uploads/',
    'PUT /v2/cde/manager/blobs/uploads/id',
  ]
  assert.deepEqual(seen, [
    'token Basic repository:cde/manager:pull,push',
    'HEAD /v2/cde/manager/manifests/sha256:…',
    ...upload,
    ...upload,
    'PUT /v2/cde/manager/manifests/sha256:…',
  ])
  await assert.rejects(
    attach({ ...registry, host: '127.0.0.1:9' }, 'cde/manager', subject, document('')),
    code('BUILD_REGISTRY'),
  )
})
