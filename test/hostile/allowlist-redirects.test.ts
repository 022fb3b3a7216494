import assert from 'node:assert/strict'
import type { lookup } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { mediaTypes } from '../../bundle-spec/src/descriptor.ts'
import { limits } from '../../bundle-spec/src/limits.ts'
import { type Guard, guardFor } from '../../installer/src/allowlist/observe/guard.ts'
import { observePulls } from '../../installer/src/allowlist/observe/observe-pulls.ts'
import { createAuthority, issueCertificate } from '../../installer/src/certificates/issue.ts'
import { blobOf, digestOf, failureOf, fakeRegistry, noise } from '../unit/installer/registry/fake-registry.ts'

const day = 86_400_000
const names = ['registry.example', 'bytes.example']

/** What `lookup` of node:dns says, for names of the test. */
function dns(answers: Record<string, string[]>): typeof lookup {
  const find = (name: string, _options: object, done: (...found: unknown[]) => void) =>
    done(
      null,
      (answers[name.replace(/\.$/, '')] ?? ['203.0.113.9']).map((address) => ({
        address,
        family: address.includes(':') ? 6 : 4,
      })),
    )
  return find as unknown as typeof lookup
}

/** A registry that everybody reaches, with an image of which each layer leads to one of `locations`. */
async function misleading(t: TestContext, locations: readonly string[], { tls = true } = {}) {
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) }
  const ca = await createAuthority('test CA', names, validity)
  const { certificate: cert, key } = await issueCertificate(ca, names, validity)
  const fake = await fakeRegistry(t, tls ? { tls: { cert, key } } : {})
  const { port } = new URL(fake.origin)
  const put = (bytes: Buffer) => {
    fake.blobs.set(digestOf(bytes), bytes)
    return blobOf(bytes)
  }
  const config = { ...put(Buffer.from('{"os":"linux"}')), mediaType: mediaTypes.config }
  const layers = locations.map((location, i) => ({ location, ...put(Buffer.from(`layer ${i}`)) }))
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config,
      layers: layers.map(({ location: _, ...layer }) => layer),
    }),
  )
  for (const name of ['1', digestOf(manifest)]) fake.manifests.set(name, { type: mediaTypes.manifest, bytes: manifest })
  const byDigest = new Map(layers.map(({ digest, location }) => [digest, location]))
  fake.script = (request, response) => {
    const location = byDigest.get(request.url?.split('/').at(-1) ?? '')
    if (location === undefined) return false
    return response.writeHead(307, { location, 'content-length': 0 }).end()
  }
  const host = `registry.example:${port}`
  return {
    fake,
    port,
    host,
    reference: `${host}/cde/a:1`,
    options: {
      // where it really is comes first; the second says that everybody reaches it
      lookup: dns({ 'registry.example': ['127.0.0.1', '203.0.113.1'], 'inner.example': ['10.0.0.5', '::1'] }),
      registry: {
        registries: { [host]: tls ? { caPem: ca.certificate } : { plainHttp: true } },
        dockerConfig: false as const,
        proxy: {},
        retry: { attempts: 2, base: 1 },
      },
    },
  }
}

/** The address that is connected to. */
const asking = (guard: Guard) => (name: string) =>
  new Promise<string>((resolve, reject) =>
    guard.lookup(name, {}, (error, address) => (error ? reject(error) : resolve(String(address)))),
  )

/** A port of 127.0.0.1 at which nobody should knock. */
async function trap(t: TestContext): Promise<{ port: number; knocks: () => number }> {
  let knocks = 0
  const server = createServer((socket) => {
    knocks++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { port: (server.address() as AddressInfo).port, knocks: () => knocks }
}

test('redirects to where no pull should go are not followed, are told, and keep nothing else from being seen', async (t) => {
  const { port, knocks } = await trap(t)
  const refusals: Record<string, [host: string, why: RegExp]> = {
    'file:///etc/passwd': ['', /of the kind file:/],
    'ftp://files.example/x': ['files.example', /of the kind ftp:/],
    'data:text/plain,hello': ['', /of the kind data:/],
    'https://a\tb.example/x': ['a b.example', /characters/],
    'https://ev\u00eel.example/x': ['ev\u00eel.example', /characters/],
    'https://exa%6dple.com/x': ['exa%6dple.com', /characters/],
    'https:\\\\evil.example/x': ['', /characters/],
    'https://evil.example\\@good.example/x': ['good.example', /characters/],
    'https://[fe80::1%25eth0]/x': ['[fe80::1%25eth0]', /characters/],
    'https://[::1/x': ['[::1', /not an address/],
    'https://user:secret@evil.example/x': ['evil.example', /a login/],
    'https://registry.example@evil2.example/x': ['evil2.example', /a login/],
    [`http://plain.example:${port}/x`]: [`plain.example:${port}`, /without TLS/],
    [`https://127.0.0.1:${port}/x`]: [`127.0.0.1:${port}`, /machine/],
    [`https://0x7f.1:${port}/y`]: [`127.0.0.1:${port}`, /machine/],
    [`https://[::ffff:127.0.0.1]:${port}/x`]: [`[::ffff:7f00:1]:${port}`, /machine/],
    [`https://localhost:${port}/x`]: [`localhost:${port}`, /machine/],
    [`https://a.localhost:${port}/x`]: [`a.localhost:${port}`, /machine/],
    'https://169.254.169.254/latest/meta-data/': ['169.254.169.254', /never/],
    'https://[fd00:ec2::254]/latest/': ['[fd00:ec2::254]', /never/],
    'https://10.0.0.7/x': ['10.0.0.7', /private/],
    'https://[fd12::7]/x': ['[fd12::7]', /private/],
    [`https://inner.example:${port}/x`]: ['inner.example', /10\.0\.0\.5/],
    [`https://inner.example.:${port}/z`]: ['inner.example', /10\.0\.0\.5/],
    [`//inner.example:${port}/y`]: ['inner.example', /10\.0\.0\.5/],
    'https://-a-.example/x': ['-a-.example', /name of a host/],
    'https://a..example/x': ['a..example', /name of a host/],
    [`https://${'a'.repeat(64)}.example/x`]: [`${'a'.repeat(64)}.example`, /name of a host/],
  }
  const locations = Object.keys(refusals)
  const { reference, host, options } = await misleading(t, locations)
  const { sightings, refused } = await observePulls([reference], options)
  assert.deepEqual(
    sightings.map((one) => `${one.role} ${one.host}:${one.port}`),
    [`registry ${host}`],
  )
  for (const [location, [to, why]] of Object.entries(refusals))
    assert.ok(
      refused.some((one) => one.host === (to || host) && why.test(one.why)),
      `${location}: ${JSON.stringify(refused, null, 1)}`,
    )
  assert.deepEqual(new Set(refused.map((one) => one.host)), new Set(Object.values(refusals).map(([to]) => to || host)))
  assert.equal(knocks(), 0)
  assert.ok(!JSON.stringify(refused).includes('secret'))
  assert.ok(refused.every((one) => !/[\p{Cc}\p{Cf}]/u.test(one.host + one.why)))
})

test('loops, and chains without an end, are given up and told', async (t) => {
  const { reference, host, fake, options } = await misleading(t, ['/round', '/on/0'])
  const first = fake.script
  fake.script = (request, response, body) => {
    const [, next] = /^\/on\/(\d+)$/.exec(request.url ?? '') ?? []
    const location = request.url === '/round' ? '/round' : next === undefined ? undefined : `/on/${Number(next) + 1}`
    if (location === undefined) return first(request, response, body)
    return response.writeHead(307, { location, 'content-length': 0 }).end()
  }
  const { refused } = await observePulls([reference], options)
  assert.deepEqual(refused, [{ host, why: 'it redirects more than 5 times' }])
  assert.ok(fake.seen.length < 20, `${fake.seen.length} requests`)
})

test('ten thousand hosts that are led to, or refused, end in one error after the limit', async (t) => {
  const layers = Array.from({ length: 10_000 }, (_, i) => i)
  const refused = await misleading(
    t,
    layers.map((i) => `https://10.${i >> 8}.${i & 255}.1/x`),
  )
  const asked = await misleading(t, [], { tls: false })
  const followed = await misleading(
    t,
    layers.map((i) => `http://h${i}.example:${asked.port}/x`),
    { tls: false },
  )
  asked.fake.script = (_request, response) =>
    response.writeHead(206, { 'content-range': 'bytes 0-0/*', 'content-length': 1 }).end('l')
  for (const { reference, options, fake } of [refused, followed]) {
    const local = dns(
      Object.fromEntries(
        ['registry.example', ...layers.map((i) => `h${i}.example`)].map((name) => [name, ['127.0.0.1']]),
      ),
    )
    const error = await failureOf(
      observePulls([reference], fake === followed.fake ? { ...options, lookup: local } : options),
    )
    assert.equal(error.code, 'REGISTRY_PROTOCOL')
    assert.match(error.message, new RegExp(`more than ${limits.observedHosts} hosts`))
    assert.ok(fake.seen.length < 2 * limits.observedHosts, `${fake.seen.length} requests`)
  }
})

test('a token service that is no place to send a login to ends the pulls with an error that says so', async (t) => {
  const { port, knocks } = await trap(t)
  const realms = {
    'file:///etc/passwd': /of the kind file:/,
    'gopher://login.example/x': /of the kind gopher:/,
    [`https://user:secret@login.example:${port}/t`]: /a login in it/,
    [`https://:secret@login.example:${port}/t`]: /a login in it/,
    [`http://login.example:${port}/t`]: /without TLS/,
    [`https://127.0.0.1:${port}/t`]: /machine/,
    'https://169.254.169.254/t': /never/,
    [`https://inner.example:${port}/t`]: /10\.0\.0\.5/,
    '/token': /no address/,
  }
  const { reference, fake, options } = await misleading(t, [])
  for (const [realm, why] of Object.entries(realms)) {
    fake.script = (_request, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"`, 'content-length': 0 }).end()
    const error = await failureOf(observePulls([reference], options))
    assert.equal(error.code, 'REGISTRY_PROTOCOL', realm)
    assert.match(error.why ?? '', why)
    assert.ok(!JSON.stringify(error).includes('secret'))
  }
  assert.equal(knocks(), 0)
})

test('of an endless answer to who ignores ranges only the beginning is read', async (t) => {
  const { reference, fake, options } = await misleading(t, [])
  const behave = fake.script
  let written = 0
  fake.script = (request, response, body) => {
    if (!request.url?.includes('/blobs/')) return behave(request, response, body)
    response.writeHead(200)
    const more = () => {
      while (!response.destroyed && response.write(noise(65_536))) written += 65_536
      if (!response.destroyed) response.once('drain', more)
    }
    more()
    return true
  }
  const { sightings, refused } = await observePulls([reference], options)
  assert.deepEqual(refused, [])
  assert.equal(sightings.length, 1)
  assert.ok(written < 20_000_000, `${written} bytes were taken`)
})

test('a registry inside may lead to its own network, never to where clouds keep secrets', () => {
  const from = new URL('https://10.0.0.2')
  const refusalOf = (registry: string, to: string) => guardFor(new URL(registry), dns({})).refuse(new URL(to), from)
  for (const to of ['https://10.0.0.3/x', 'https://[fd12::7]/x', 'https://203.0.113.1/x', 'https://bytes.example/x'])
    assert.equal(refusalOf('https://10.0.0.2', to), undefined, to)
  for (const to of [
    'https://127.0.0.1/x',
    'https://localhost/x',
    'https://169.254.169.254/x',
    'https://[fd00:ec2::254]/x',
  ])
    assert.notEqual(refusalOf('https://10.0.0.2', to), undefined, to)
  assert.equal(refusalOf('https://10.0.0.2', 'https://bytes.example./x'), undefined)
  assert.equal(refusalOf('https://127.0.0.1:5000', 'https://127.0.0.1:5001/x'), undefined)
  assert.notEqual(refusalOf('https://169.254.1.1', 'https://169.254.169.254/x'), undefined)
  // behind a proxy nobody looks names up here
  assert.notEqual(refusalOf('https://registry.example', 'https://10.0.0.3/x'), undefined)
})

test('a name that is outside when it is asked for, and inside when it is asked for again, is not connected to', async () => {
  const answers = ['203.0.113.1', '10.0.0.5']
  const guard = guardFor(
    new URL('https://registry.example'),
    dns({
      get 'bytes.example'() {
        return [answers.shift() ?? '10.0.0.5']
      },
    }),
  )
  const ask = asking(guard)
  await ask('registry.example')
  const to = new URL('https://bytes.example/x')
  assert.equal(guard.refuse(to, new URL('https://registry.example')), undefined)
  assert.equal(await ask('bytes.example'), '203.0.113.1')
  assert.equal(guard.kept(to), true)
  assert.match((await failureOf(ask('bytes.example'))).message, /leads to where nobody should go/)
  assert.equal(guard.kept(to), false)
})

test('a name is inside where all of its addresses are, and not known to be where a proxy looks it up', async () => {
  const answers = { 'inner.example': ['10.0.0.5', 'fd12::5'], 'outer.example': ['10.0.0.5', '203.0.113.1'] }
  const guard = guardFor(new URL('https://inner.example'), dns(answers))
  const isInside = (name: string) => guard.inside(new URL(`https://${name}/x`))
  assert.equal(isInside('inner.example'), false)
  for (const name of Object.keys(answers)) await asking(guard)(name)
  assert.equal(isInside('inner.example'), true)
  assert.equal(isInside('outer.example'), false)
})

test('a registry that everybody reaches does not move inside by another answer of DNS', async () => {
  const answers = ['203.0.113.1', '10.0.0.2']
  const guard = guardFor(
    new URL('https://registry.example'),
    dns({
      get 'registry.example'() {
        return [answers.shift() as string]
      },
    }),
  )
  for (const _ of [...answers]) await asking(guard)('registry.example')
  assert.notEqual(guard.refuse(new URL('https://10.0.0.3/x'), new URL('https://registry.example')), undefined)
})
