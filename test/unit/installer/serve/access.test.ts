import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccess } from '../../../../installer/src/serve/access.ts'
import { createTokens } from '../../../../installer/src/serve/token.ts'
import { registryStore } from '../../../../installer/src/stores/registry/store.ts'
import { codeOf, servedSite } from './site.ts'

const auth = { username: 'site', password: 'p:w' }
const basic = { authorization: `Basic ${Buffer.from('site:p:w').toString('base64')}` }

test('a token is handed out for the password, opens the registry, and nothing else does', async (t) => {
  const { fetch, host } = await servedSite(t, { auth, tokens: createTokens() })
  const refused = await fetch('/v2/')
  assert.equal(refused.status, 401)
  assert.equal(refused.headers['www-authenticate'], `Bearer realm="https://${host}/token",service="sealift"`)
  assert.equal((await fetch('/token?service=sealift')).status, 401)
  assert.equal((await fetch('/token', { headers: { authorization: 'Basic c2l0ZTp4' } })).status, 401)
  const { token, expires_in } = JSON.parse((await fetch('/token?service=sealift', { headers: basic })).text)
  assert.equal(expires_in, 300)
  const status = async (authorization: string) => (await fetch('/v2/_catalog', { headers: { authorization } })).status
  assert.equal(await status(`Bearer ${token}`), 200)
  assert.equal(await status(basic.authorization), 200)
  const [head, body, signature] = token.split('.')
  assert.equal(await status(`Bearer ${head}.${body}.${'A'.repeat(signature.length)}`), 401)
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  assert.equal(await status(`Bearer ${none}.${body}.`), 401)
  const other = await createTokens().issue('site')
  assert.equal(await status(`Bearer ${other}`), 401, 'a token of another run')
})

test('a token ends after five minutes', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const tokens = createTokens()
  const token = await tokens.issue('site')
  t.mock.timers.tick(299_000)
  assert.equal(await tokens.check(token), true)
  t.mock.timers.tick(2_000)
  assert.equal(await tokens.check(token), false)
})

test('clients that post for a token are told to get it', async (t) => {
  const { fetch } = await servedSite(t, { auth, tokens: createTokens() })
  const reply = await fetch('/token', { method: 'POST', headers: basic })
  assert.deepEqual([reply.status, codeOf(reply)], [405, 'UNSUPPORTED'])
})

test('a host that is none is not repeated in the challenge', async () => {
  const { check } = createAccess({ login: auth, tokens: createTokens(), scheme: 'https' })
  const challenge = (host: string) =>
    check({ headers: { host } } as never).catch(({ headers }) => headers['www-authenticate'])
  assert.match(
    await challenge('registry.site.example:5000'),
    /^Bearer realm="https:\/\/registry\.site\.example:5000\/token"/,
  )
  assert.match(await challenge('[fd00::1]:5000'), /^Bearer realm="https:\/\/\[fd00::1\]:5000\/token"/)
  for (const odd of ['x",service="y', 'user@host', 'host/path', '', `${'a'.repeat(300)}`])
    assert.match(await challenge(odd), /^Basic /)
})

test('our own client logs in by token', async (t) => {
  const { host, caPem, manager } = await servedSite(t, { auth, tokens: createTokens() })
  const open = (credentials?: typeof auth) => {
    const store = registryStore({
      registries: { [host]: { caPem, ...(credentials ? { credentials } : {}) } },
      dockerConfig: false,
      proxy: {},
    })
    t.after(() => store.close())
    return store
  }
  assert.equal((await open(auth).resolve(`${host}/cde/manager:latest`)).digest, manager.digest)
  await assert.rejects(open().resolve(`${host}/cde/manager:latest`))
})
