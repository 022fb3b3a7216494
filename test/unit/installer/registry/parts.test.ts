import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseChallenges } from '../../../../installer/src/stores/registry/challenge.ts'
import { readDockerConfig } from '../../../../installer/src/stores/registry/docker-config.ts'
import { placeOf } from '../../../../installer/src/stores/registry/place.ts'
import { proxyFor } from '../../../../installer/src/stores/registry/proxy.ts'
import { parseReference } from '../../../../installer/src/stores/registry/reference.ts'
import { parseRetryAfter } from '../../../../installer/src/stores/registry/retry.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { failureOf } from './fake-registry.ts'

const plain = (header: string) => JSON.parse(JSON.stringify(parseChallenges(header)))

test('a WWW-Authenticate header is read with several challenges, quotes and commas in values', () => {
  assert.deepEqual(
    plain('Bearer realm="https://a.example/t?x=1,2",service="s \\"q\\"",scope="repository:a/b:pull,push"'),
    [
      {
        scheme: 'bearer',
        parameters: { realm: 'https://a.example/t?x=1,2', service: 's "q"', scope: 'repository:a/b:pull,push' },
      },
    ],
  )
  assert.deepEqual(plain('Negotiate, Basic realm=simple, BEARER realm="r"'), [
    { scheme: 'negotiate', parameters: {} },
    { scheme: 'basic', parameters: { realm: 'simple' } },
    { scheme: 'bearer', parameters: { realm: 'r' } },
  ])
  assert.deepEqual(plain('="x", ,,'), [])
  assert.deepEqual(plain('Basic __proto__="x"').length, 1)
})

test('a name is taken apart into host, repository, tag and digest', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  assert.deepEqual(parseReference('r.example:5000/cde/a:1.0'), { host: 'r.example:5000', path: 'cde/a', tag: '1.0' })
  assert.deepEqual(parseReference(`r.example/cde/a:1@${digest}`), {
    host: 'r.example',
    path: 'cde/a',
    tag: '1',
    digest,
  })
  assert.deepEqual(parseReference('nginx'), { host: 'docker.io', path: 'library/nginx', tag: 'latest' })
  assert.deepEqual(parseReference('[fd00::1]:5000/cde/a'), { host: '[fd00::1]:5000', path: 'cde/a', tag: 'latest' })
})

test('a mirror says where a registry really is, and TLS is left only on request', () => {
  const mirrored = placeOf('registry.sealift.example', {}, '127.0.0.1:5001/mirror/x')
  assert.equal(mirrored.origin.href, 'https://127.0.0.1:5001/')
  assert.deepEqual([mirrored.host, mirrored.prefix], ['127.0.0.1:5001', 'mirror/x/'])
  assert.equal(placeOf('docker.io', {}, undefined).origin.href, 'https://registry-1.docker.io/')
  assert.equal(placeOf('r.example', { plainHttp: true }, undefined).origin.href, 'http://r.example/')
  for (const endpoint of ['http://r.example', 'https://user:pw@r.example', 'ftp://r.example', 'https://r.example?x'])
    assert.throws(() => placeOf('r.example', { endpoint }, undefined), { code: 'USAGE_REGISTRY' })
})

test('NO_PROXY is honoured by name, subdomain, address, network and port', () => {
  const settings = { https: 'proxy.example:3128', except: 'a.example, .b.example,10.0.0.0/8,192.0.2.1,c.example:5000' }
  const direct = (url: string) => proxyFor(new URL(url), settings) === undefined
  for (const url of [
    'https://a.example',
    'https://x.a.example',
    'https://x.b.example',
    'https://10.1.2.3:5000',
    'https://192.0.2.1',
    'https://c.example:5000',
    'https://127.0.0.1:1',
    'https://localhost',
  ])
    assert.ok(direct(url), url)
  for (const url of ['https://ba.example', 'https://11.0.0.1', 'https://c.example', 'https://192.0.2.10'])
    assert.equal(proxyFor(new URL(url), settings), 'http://proxy.example:3128', url)
  assert.ok(proxyFor(new URL('https://x.example'), { https: 'http://p', except: '*' }) === undefined)
})

test('docker login is read, and a broken file is told without quoting it', async (t) => {
  const path = join(await temporaryDirectory(t), 'config.json')
  const auth = Buffer.from('user:p:w').toString('base64')
  await writeFile(
    path,
    JSON.stringify({ auths: { 'https://index.docker.io/v1/': { auth }, 'r.example:5000': { identitytoken: 'id' } } }),
  )
  const login = await readDockerConfig(path)
  assert.deepEqual(await login('docker.io'), { username: 'user', password: 'p:w' })
  assert.deepEqual(await login('r.example:5000'), { identityToken: 'id' })
  assert.equal(await login('r.example'), undefined)
  assert.equal(await (await readDockerConfig(`${path}.none`))('docker.io'), undefined)
  await writeFile(path, '{"auths": {"x": {"auth": "c2VjcmV0"')
  const error = await failureOf(readDockerConfig(path))
  assert.equal(error.code, 'USAGE_DOCKER_CONFIG')
  assert.doesNotMatch(`${error.message}${error.why}`, /c2Vj/)
})

test("docker's configuration with values that docker never writes is refused by name, and null is as nothing", async (t) => {
  const path = join(await temporaryDirectory(t), 'config.json')
  const nothing = { auths: { 'r.example': null, 's.example': { auth: null } }, credsStore: null, credHelpers: null }
  for (const right of [null, {}, { auths: null }, nothing, { plugins: { x: [1] } }]) {
    await writeFile(path, JSON.stringify(right))
    assert.equal(await (await readDockerConfig(path))('r.example'), undefined)
  }
  const secret = 'c2VjcmV0'
  const ofHost = (entry: unknown) => ({ auths: { 'r.example': entry } })
  for (const wrong of [
    ...[
      secret,
      [secret],
      1,
      true,
      { auths: [secret] },
      { auths: secret },
      { credsStore: [secret] },
      { credHelpers: secret },
    ],
    ...[{ credHelpers: { 'r.example': { secret } } }, ofHost(secret), ofHost([secret]), ofHost({ auth: { secret } })],
    ...[{ auth: 1 }, { username: secret, password: 1 }, { identitytoken: [secret] }, { registrytoken: {} }].map(ofHost),
  ]) {
    await writeFile(path, JSON.stringify(wrong))
    const { code, message, why } = await failureOf(readDockerConfig(path))
    assert.equal(code, 'USAGE_DOCKER_CONFIG', JSON.stringify(wrong))
    assert.doesNotMatch(`${message}${why}`, /c2Vj/)
  }
})

test('Retry-After is read as seconds and as a date', () => {
  assert.equal(parseRetryAfter('3'), 3000)
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:10 GMT', Date.UTC(2026, 0, 1)), 10_000)
  assert.equal(parseRetryAfter('soon'), undefined)
})
