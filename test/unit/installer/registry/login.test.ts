import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { authorizer, type TokenRequest } from '../../../../installer/src/stores/registry/tokens.ts'
import { blobOf, failureOf, fakeRegistry, noise, sourceOf, storeFor } from './fake-registry.ts'

const bytes = noise(1000)
const blob = blobOf(bytes)
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`

test('one token is fetched for all requests of a scope that come at once, with the credentials given', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, bytes)
  fake.script = (request, response) => {
    if (request.url?.startsWith('/token')) {
      setTimeout(() => response.end(JSON.stringify({ token: 'good' })), 20)
      return true
    }
    if (request.headers.authorization === 'Bearer good') return false
    return challenge(response, `Bearer realm="${fake.origin}/token",service="reg",scope="repository:cde/a:pull"`)
  }
  const credentials = { username: 'user', password: 'p:w' }
  const store = storeFor(t, [fake], { registries: { [fake.host]: { plainHttp: true, credentials } } })
  const found = await Promise.all(Array.from({ length: 8 }, () => store.has(`${fake.host}/cde/a`, blob)))
  assert.ok(found.every(Boolean))
  const asked = fake.seen.filter(({ url }) => url.startsWith('/token'))
  assert.equal(asked.length, 1)
  assert.equal(asked[0]?.headers.authorization, basic('user:p:w'))
  const query = new URL(asked[0]?.url ?? '', fake.origin).searchParams
  assert.equal(query.get('service'), 'reg')
  assert.deepEqual(query.getAll('scope'), ['repository:cde/a:pull'])
  fake.seen.length = 0
  await store.has(`${fake.host}/cde/a`, blob)
  assert.deepEqual(
    fake.seen.map(({ headers }) => headers.authorization),
    ['Bearer good'],
    'the next request carries the token at once',
  )
})

test('a token that the registry no longer takes is replaced once', async (t) => {
  const fake = await fakeRegistry(t)
  fake.blobs.set(blob.digest, bytes)
  let issued = 0
  let taken = 1
  fake.script = (request, response) => {
    if (request.url?.startsWith('/token')) return response.end(JSON.stringify({ access_token: `t${++issued}` }))
    if (request.headers.authorization === `Bearer t${taken}`) return false
    return challenge(response, `Bearer realm="${fake.origin}/token"`)
  }
  const store = storeFor(t, [fake])
  assert.equal(await store.has(`${fake.host}/cde/a`, blob), true)
  taken = 2
  assert.equal(await store.has(`${fake.host}/cde/a`, blob), true)
  assert.equal(issued, 2)
})

test('a wrong password is said at once, in words that hold no secret', async (t) => {
  const fake = await fakeRegistry(t)
  fake.script = (_request, response) => challenge(response, 'Basic realm="r"')
  const credentials = { username: 'user', password: 'swordfish' }
  const store = storeFor(t, [fake], { registries: { [fake.host]: { plainHttp: true, credentials } } })
  const error = await failureOf(store.has(`${fake.host}/cde/a`, blob))
  assert.equal(error.code, 'REGISTRY_UNAUTHORIZED')
  assert.equal(fake.seen.length, 2)
  for (const text of [error.message, error.why, error.fix, error.stack])
    for (const secret of ['swordfish', basic('user:swordfish').slice(6)]) assert.equal(text?.includes(secret), false)
})

test('an identity token is exchanged by POST, and a registry token is used as it is', async () => {
  const requests: TokenRequest[] = []
  const fetchToken = async (request: TokenRequest) => {
    requests.push(request)
    return JSON.stringify({ token: 'x', expires_in: 300 })
  }
  const origin = new URL('https://registry.example')
  const scopes = ['repository:cde/a:pull']
  const exchanged = authorizer({ origin, host: 'registry.example', credentials: { identityToken: 'id' }, fetchToken })
  assert.equal(await exchanged.renew('Bearer realm="https://auth.example/t"', scopes, undefined), 'Bearer x')
  assert.equal(requests[0]?.form?.refresh_token, 'id')
  assert.equal(requests[0]?.url.href, 'https://auth.example/t')
  const fixed = authorizer({ origin, host: 'registry.example', credentials: { registryToken: 'rt' }, fetchToken })
  assert.equal(await fixed.current(scopes), 'Bearer rt')
  assert.equal(await fixed.renew('Bearer realm="https://auth.example/t"', scopes, 'Bearer rt'), undefined)
  assert.equal(requests.length, 1)
})

test('a token that could not stand in a header is refused', async () => {
  const origin = new URL('https://registry.example')
  for (const token of ['a\r\nx: y', '', 5, null]) {
    const fetchToken = async () => JSON.stringify({ token })
    const login = authorizer({ origin, host: 'registry.example', credentials: undefined, fetchToken })
    const error = await failureOf(login.renew('Bearer realm="https://auth.example/t"', ['s'], undefined))
    assert.equal(error.code, 'REGISTRY_PROTOCOL')
  }
})

function challenge(response: ServerResponse<IncomingMessage>, header: string) {
  return response.writeHead(401, { 'www-authenticate': header, 'content-length': 0 }).end()
}

test('a login that ends in the middle of an upload is renewed and the upload goes on', async (t) => {
  const fake = await fakeRegistry(t)
  const large = noise(300_000)
  let issued = 0
  let taken = 1
  fake.script = async (request, response, body) => {
    if (request.url?.startsWith('/token')) return response.end(JSON.stringify({ token: `t${++issued}` }))
    if (request.headers['content-range'] === '100000-199999') taken = 2
    if (request.headers.authorization === `Bearer t${taken}`) return false
    await body()
    return challenge(response, `Bearer realm="${fake.origin}/token"`)
  }
  const store = storeFor(t, [fake], { chunks: { whole: 1000, chunk: 100_000 } })
  assert.equal(await store.write(`${fake.host}/cde/a`, blobOf(large), sourceOf(large)), 'sent')
  assert.equal(issued, 2)
  assert.equal(fake.seen.filter(({ method }) => method === 'POST').length, 1, 'the same upload went on')
})
