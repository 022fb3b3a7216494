import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { certificate as certificateCheck } from '../../../../installer/src/checks/certificate.ts'
import { certificateChain } from '../../../../installer/src/checks/certificate-chain.ts'
import { certificateEnd } from '../../../../installer/src/checks/certificate-end.ts'
import { registryLogin } from '../../../../installer/src/checks/registry-login.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { certificate, type Made, writeKey } from './certificates.ts'
import { assertFound, site } from './site.ts'

const names = ['cde.example']

/** A site whose answers name a certificate of these, in this order, with the key of `own`. */
async function withChain(t: TestContext, chain: readonly Made[], own = chain[0] as Made, ca?: Made) {
  const directory = await temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  writeFileSync(at('crt'), chain.map(({ pem }) => pem).join(''))
  await writeKey(own, at('key'))
  if (ca) writeFileSync(at('ca'), ca.pem)
  return await site(t, { tls: { certFile: at('crt'), keyFile: at('key'), ...(ca && { caFile: at('ca') }) } })
}

test('a certificate is for the host, and its key is its own', async (t) => {
  const root = await certificate('root')
  const own = await certificate('site', { by: root, names })
  assertFound(await (await withChain(t, [own])).look(certificateCheck), 'passed', /is for cde\.example/)
  const other = await certificate('other', { by: root, names: ['other.example'] })
  assertFound(
    await (await withChain(t, [other])).look(certificateCheck),
    'error',
    /name cde\.example/,
    'USAGE_CERTIFICATE',
  )
  const mixed = await withChain(t, [own], other)
  assertFound(await mixed.look(certificateCheck), 'error', /key belongs to another/, 'USAGE_CERTIFICATE')
  assertFound(await (await site(t)).look(certificateCheck), 'skipped', /makes one/)
})

test('a chain has no gap, is in order, and leads to the CA', async (t) => {
  const root = await certificate('root')
  const between = await certificate('between', { by: root })
  const own = await certificate('site', { by: between, names })
  const look = async (chain: Made[], ca?: Made) => await (await withChain(t, chain, own, ca)).look(certificateChain)
  assertFound(await look([own, between], root), 'passed', /2 certificates, by the CA of the answers/)
  assertFound(await look([own, between, root], root), 'passed', /3 certificates/)
  assertFound(await look([own], root), 'error', /did not sign it; the last one is by between/, 'USAGE_CERTIFICATE')
  assertFound(await look([own, root, between], root), 'error', /certificate 1 is not signed by the one behind it/)
  assertFound(await look([own, between]), 'warning', /does not know: root/, 'USAGE_CERTIFICATE')
  assertFound(await (await site(t)).look(certificateChain), 'skipped', /no certificate/)
})

test('SHA-1 and short keys are refused, but how a root signed itself is nobody looks at', async (t) => {
  const root = await certificate('root', { hash: 'SHA-1' })
  const own = await certificate('site', { by: root, names, hash: 'SHA-256' })
  const resigned = await certificate('root again')
  const fine = await certificate('site', { by: resigned, names })
  assertFound(await (await withChain(t, [fine], fine, resigned)).look(certificateChain), 'passed', /1 certificate,/)
  const short = await certificate('site', { by: resigned, names, bits: 1024 })
  const look = async (made: Made) => await (await withChain(t, [made], made, resigned)).look(certificateChain)
  assertFound(await look(short), 'error', /key of 1024 bits/, 'USAGE_CERTIFICATE')
  const old = await certificate('site', { by: { ...root }, names, hash: 'SHA-1' })
  assertFound(await look(old), 'error', /signed with .*sha1/i, 'USAGE_CERTIFICATE')
  assertFound(
    await (await withChain(t, [own, root], own, root)).look(certificateChain),
    'error',
    /certificate 1 is signed/,
  )
})

test('a certificate, or one above it, that ends soon is warned of', async (t) => {
  const root = await certificate('root', { days: 20 })
  const own = await certificate('site', { by: root, names })
  assertFound(await (await withChain(t, [own])).look(certificateEnd), 'passed', /36[45] days/)
  assertFound(
    await (await withChain(t, [own, root])).look(certificateEnd),
    'warning',
    /(19|20) days/,
    'USAGE_CERTIFICATE',
  )
  assertFound(await (await site(t)).look(certificateEnd), 'skipped', /no certificate/)
})

test('the password of a registry is there to be read', async (t) => {
  assertFound(await (await site(t)).look(registryLogin), 'skipped', /no user/)
  const file = join(await temporaryDirectory(t), 'password')
  const registry = { kind: 'existing', address: 'r.example', username: 'ann', passwordFile: file }
  assertFound(await (await site(t, { registry })).look(registryLogin), 'error', /cannot be read/, 'USAGE_ANSWERS')
  writeFileSync(file, 'secret\n')
  const found = await (await site(t, { registry })).look(registryLogin)
  assertFound(found, 'passed', /^user ann$/)
})
