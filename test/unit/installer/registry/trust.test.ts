import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { createAuthority, issueCertificate } from '../../../../installer/src/certificates/issue.ts'
import { blobOf, collect, digestOf, fakeRegistry, storeFor } from './fake-registry.ts'

const day = 86_400_000
const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }

/** A registry with TLS that has one blob, its authority, and an authority that it has nothing to do with. */
async function site(t: TestContext) {
  const [authority, stranger] = await Promise.all(
    ['its CA', 'another CA'].map((name) => createAuthority(name, ['127.0.0.1'], validity)),
  )
  assert.ok(authority && stranger)
  const { certificate: cert, key } = await issueCertificate(authority, ['127.0.0.1'], validity)
  const fake = await fakeRegistry(t, { tls: { cert, key } })
  const bytes = randomBytes(1000)
  fake.blobs.set(digestOf(bytes), bytes)
  const read = async (caPem?: string) => {
    const store = storeFor(t, [fake], { registries: { [fake.host]: caPem === undefined ? {} : { caPem } } })
    assert.deepEqual(await collect(await store.open(`${fake.host}/cde/a`, blobOf(bytes))), bytes)
  }
  return { read, its: authority.certificate, another: stranger.certificate }
}

/** Lets the system trust what is given; returns how often it was asked. */
function systemTrusts(t: TestContext, ...roots: string[]): () => number {
  const { getCACertificates } = tls
  let asked = 0
  tls.getCACertificates = (kind) => {
    asked++
    return kind === 'system' ? roots : getCACertificates(kind)
  }
  syncBuiltinESMExports()
  t.after(() => {
    tls.getCACertificates = getCACertificates
    syncBuiltinESMExports()
  })
  return () => asked
}

test('where the CA that was given knows the registry, the roots of the system are not read', async (t) => {
  const { read, its } = await site(t)
  const asked = systemTrusts(t)
  await read(its)
  assert.equal(asked(), 0)
})

test('a registry that only the system trusts is trusted, whatever CA was given beside it', async (t) => {
  const { read, its, another } = await site(t)
  const asked = systemTrusts(t, its)
  await read(another)
  assert.ok(asked() > 0)
  const once = asked()
  await read(another)
  assert.equal(asked(), once, 'read once for one CA')
})

test('a registry that nobody trusts is refused', async (t) => {
  const { read, another } = await site(t)
  systemTrusts(t)
  await assert.rejects(read(another), { code: 'REGISTRY_TLS' })
  await assert.rejects(read(), { code: 'REGISTRY_TLS' })
})
