import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { issueLicense, type LicenseClaims } from '@sealift/bundle-spec/license.ts'
import { type Draft, setAnswer } from '../../../../installer/src/answers/draft.ts'
import { buildBundle } from '../../../../installer/src/build/build.ts'
import { createAuthority, issueCertificate } from '../../../../installer/src/certificates/issue.ts'
import type { Lookout } from '../../../../installer/src/wizard/looks/look.ts'
import { createLookouts } from '../../../../installer/src/wizard/looks/lookouts.ts'
import { places } from '../../../../installer/src/wizard/looks/places.ts'
import type { Look, Looked } from '../../../../installer/src/wizard/view.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { claims, signingKeys, smallRelease } from '../../../fixtures/release.ts'
import { completeDraft } from './fake-work.ts'

function looking(t: TestContext, changed: Partial<Record<Look, Lookout>> = {}, patience?: number) {
  const told: (Looked | undefined)[] = []
  const next = { resolve: (_: Looked) => {} }
  const lookouts = createLookouts(
    { ...places, ...changed },
    (_, looked) => {
      told.push(looked)
      if (looked && looked.state !== 'looking') next.resolve(looked)
    },
    [],
    patience,
  )
  t.after(lookouts.close)
  const at = (look: Look, draft: Draft) =>
    new Promise<Looked>((resolve) => {
      next.resolve = resolve
      lookouts.look(look, draft)
    })
  return { lookouts, told, at }
}

const texts = ({ facts }: Looked) => Object.fromEntries(facts.map(({ label, text }) => [label, text]))
const answered = (draft: Draft, changes: Record<string, unknown>) =>
  Object.entries(changes).reduce((next, [pointer, value]) => setAnswer(next, pointer, value), draft)

test('a look that does not answer ends after its time, and says so', async (t) => {
  const { at } = looking(t, { names: { reads: ['/host'], run: () => new Promise(() => {}) } }, 50)
  const { state, failure } = await at('names', completeDraft)
  assert.deepEqual([state, failure?.code], ['bad', 'SESSION_LOOK'])
})

test('when its answers change a look ends, and what it found counts no more', async (t) => {
  const ended = Promise.withResolvers<void>()
  const names: Lookout = {
    reads: ['/host'],
    run: ({ signal, fact }) => {
      fact('cde.example', '10.0.0.1')
      signal.addEventListener('abort', () => ended.resolve())
      return new Promise(() => {})
    },
  }
  const { lookouts, told } = looking(t, { names })
  lookouts.look('names', completeDraft)
  lookouts.changed(completeDraft, answered(completeDraft, { '/license': '/other' }))
  assert.equal(told.at(-1)?.state, 'looking')
  lookouts.changed(completeDraft, answered(completeDraft, { '/host': 'other.example' }))
  await ended.promise
  assert.equal(told.at(-1), undefined)
  const before = told.length
  lookouts.changed(completeDraft, answered(completeDraft, { '/host': 'third.example' }))
  assert.equal(told.length, before)
})

test('what breaks in a look is shown, without control characters', async (t) => {
  const broken = (error: Error): Lookout => ({ reads: [], run: () => Promise.reject(error) })
  const refused = new SealiftError('CLUSTER_TLS', 'no', { why: 'evil\x1b[2Jname' })
  for (const [error, code] of [
    [new Error('boom'), 'INTERNAL_LOOK'],
    [refused, 'CLUSTER_TLS'],
  ] as const) {
    const { at } = looking(t, { names: broken(error) })
    const { failure } = await at('names', completeDraft)
    assert.equal(failure?.code, code)
    assert.doesNotMatch(JSON.stringify(failure), /\\u001b/)
  }
})

/** A bundle, a key and a license as files, and a draft that names them. */
async function site(t: TestContext, changes: Partial<LicenseClaims> = {}) {
  const directory = await temporaryDirectory(t)
  const at = (name: string) => join(directory, name)
  const { options, trust, licenseKey } = await smallRelease(directory)
  const { path } = await buildBundle(options)
  await writeFile(at('vendor.pub'), trust[0] as string)
  await writeFile(at('stranger.pub'), signingKeys().publicKey)
  await writeFile(at('license'), await issueLicense(claims(changes), licenseKey))
  const draft = answered(completeDraft, { '/bundle': path, '/license': at('license'), '/trust': [at('vendor.pub')] })
  return { at, draft }
}

test('a bundle says what it delivers and who signed it; one by a stranger is refused', async (t) => {
  const { at: file, draft } = await site(t)
  const { at } = looking(t)
  const good = await at('bundle', draft)
  assert.equal(good.state, 'good')
  assert.equal(texts(good).Release, 'cde 0.1.0')
  assert.match(texts(good).Size ?? '', /^\d+(\.\d+)? kB$/)
  assert.match(texts(good).Made ?? '', /^\d{4}-\d\d-\d\d$/)
  assert.match(texts(good)['Signed by'] ?? '', /^[\w+/]{43}=$/)
  assert.equal(
    (await at('bundle', answered(draft, { '/trust': [file('stranger.pub')] }))).failure?.code,
    'BUNDLE_UNTRUSTED',
  )
  assert.equal((await at('bundle', answered(draft, { '/bundle': '/none' }))).failure?.code, 'BUNDLE_MISSING')
  assert.equal((await at('bundle', answered(draft, { '/bundle': null }))).failure?.code, 'USAGE_ANSWERS')
})

test('a free license is refused at once for an air-gapped site, with the reason', async (t) => {
  const { at } = looking(t)
  const { draft } = await site(t, { tier: 'free' })
  const free = await at('license', draft)
  assert.deepEqual([free.state, free.failure?.code], ['bad', 'LICENSE_AIRGAP'])
  assert.match(free.failure?.why ?? '', /the images come from a bundle/)
  assert.equal(texts(free)['Air-gapped mode'], 'not included')
  const paid = await at('license', (await site(t)).draft)
  assert.equal(paid.state, 'good')
  assert.equal(texts(paid).Customer, 'Example Bank')
  assert.match(texts(paid).Term ?? '', /^ends \d{4}-\d\d-\d\d, in \d+ days$/)
})

test('a certificate is looked at with its names, its key and its chain', async (t) => {
  const { at } = looking(t)
  const directory = await temporaryDirectory(t)
  const validity = { from: new Date(Date.now() - 86_400_000), to: new Date(Date.now() + 86_400_000_000) }
  const write = async (name: string, text: string) => {
    await writeFile(join(directory, name), text)
    return join(directory, name)
  }
  const authority = await createAuthority('CA', ['cde.example'], validity)
  const stranger = await createAuthority('another CA', ['cde.example'], validity)
  const { certificate, key } = await issueCertificate(authority, ['cde.example'], validity)
  const tls = {
    '/tls/certFile': await write('cde.crt', certificate),
    '/tls/keyFile': await write('cde.key', key),
    '/tls/caFile': await write('ca.crt', authority.certificate),
  }
  const draft = answered(completeDraft, tls)
  const good = await at('certificate', draft)
  assert.equal(good.state, 'good')
  const { Names, Ends, 'Issued by': by, Chain } = texts(good)
  assert.deepEqual([Names, by, Chain], ['cde.example', 'CA', '1 certificate; signed by the CA given'])
  assert.match(Ends ?? '', /^\d{4}-\d\d-\d\d, in 1000 days$/)
  const other = await at('certificate', answered(draft, { '/tls/caFile': await write('x.crt', stranger.certificate) }))
  assert.deepEqual([other.state, texts(other).Chain], ['bad', 'the CA given did not sign it'])
  const named = await at('certificate', answered(draft, { '/host': 'other.example' }))
  assert.match(named.failure?.why ?? '', /does not name other\.example/)
  const keyed = await at('certificate', answered(draft, { '/tls/keyFile': await write('x.key', stranger.key) }))
  assert.match(keyed.failure?.why ?? '', /belongs to another certificate/)
})

test('names are looked up, and one without an address is said to need one', async (t) => {
  const { at } = looking(t)
  const good = await at('names', answered(completeDraft, { '/host': 'localhost' }))
  assert.equal(good.state, 'good')
  assert.match(texts(good).localhost ?? '', /127\.0\.0\.1|::1/)
  const bad = await at('names', answered(completeDraft, { '/host': 'none.invalid', '/devUrlsHost': 'dev.invalid' }))
  assert.equal(bad.state, 'bad')
  assert.match(texts(bad)['*.dev.invalid'] ?? '', /has no address/)
})

test('what answers in the place of a database has to be one', async (t) => {
  const { at } = looking(t)
  const answers = async (reply: string) => {
    const server = createServer((socket) => void socket.once('data', () => socket.end(reply)).on('error', () => {}))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as { port: number }
    return await at('database', { ...completeDraft, database: { host: '127.0.0.1', port } })
  }
  const plain = await answers('N')
  assert.deepEqual([plain.state, texts(plain).TLS], ['bad', 'the server offers none'])
  assert.equal((await answers('HTTP/1.1 400 Bad Request')).failure?.code, 'USAGE_DATABASE')
  assert.equal((await answers('')).failure?.code, 'USAGE_DATABASE')
})

test('a kubeconfig shows its contexts, also where the cluster does not answer', async (t) => {
  const { at } = looking(t)
  const file = join(await temporaryDirectory(t), 'kubeconfig')
  const clusters = [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }]
  const contexts = ['one', 'two'].map((name) => ({ name, context: { cluster: 'c', user: 'u' } }))
  const users = [{ name: 'u', user: {} }]
  await writeFile(file, JSON.stringify({ clusters, users, contexts, 'current-context': 'two' }))
  const { choices, failure, facts } = await at('cluster', answered(completeDraft, { '/kubeconfig': file }))
  assert.deepEqual(choices?.['/context'], ['one', 'two'])
  assert.equal(failure?.code, 'CLUSTER_UNREACHABLE')
  assert.equal(facts[0]?.text, 'two')
  const broken = await at('cluster', answered(completeDraft, { '/kubeconfig': '/none' }))
  assert.equal(broken.failure?.code, 'CLUSTER_KUBECONFIG')
})

test('a registry that is not there is said to be so', async (t) => {
  const { at } = looking(t)
  const { draft } = await site(t)
  for (const kind of ['existing', 'seed'])
    assert.equal(
      (await at('registry', answered(draft, { '/registry/kind': kind, '/registry/address': '127.0.0.1:1' }))).failure
        ?.code,
      'REGISTRY_UNREACHABLE',
    )
})
