import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Postgres, startPostgres } from '../postgres.ts'
import { newSite, password } from './site.ts'

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

/** NUL, escape, end of line, C1, line separator, both halves alone, override and isolate. */
const foreign = ['\0', '\x1b', '\n', '\x85', '\u2028', '\ud800', '\udc00', '\u202e', '\u2066']

test('what is no text is refused wherever it stands, and what people write in any language is not', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const size = { cpu: 1, memoryGiB: 1, diskGiB: 1 }
  for (const one of foreign) {
    const text = `a${one}b`
    const inQuery = encodeURIComponent(text.toWellFormed())
    const tries: [string, string, object?][] = [
      ['POST', '/auth/basic/login', { username: text, password }],
      ['POST', '/auth/basic/login', { username: 'root', password: text }],
      ['POST', '/api/v0/workspaces', { name: 'box', image: text, ...size }],
      ['POST', '/api/v0/workspaces', { name: 'box', tag: text, ...size }],
      ['POST', '/api/v0/images', { name: text }],
      ['POST', '/api/v0/users', { [text]: 1 }],
      ['POST', '/api/v0/api-keys', { name: 'k', scopes: [['account:read', text]], days: 1 }],
      ...(one.isWellFormed()
        ? ([
            ['GET', `/api/v0/audit?target=${inQuery}`],
            ['GET', `/api/v0/audit?action=${inQuery}`],
            ['GET', `/api/v0/users?name=${inQuery}`],
            ['GET', `/api/v0/workspaces/${inQuery}`],
          ] as [string, string][])
        : []),
    ]
    for (const [method, url, body] of tries) {
      const answer = await site.call(
        method === 'POST' && url.startsWith('/auth') ? undefined : admin,
        method,
        url,
        body,
      )
      assert.deepEqual(
        [answer.statusCode, answer.json().code],
        [400, 'INPUT_CHARACTER'],
        `${JSON.stringify(one)} ${url}`,
      )
    }
  }
  for (const name of ['user-agent', 'x-forwarded-for']) {
    const payload = { username: 'root', password }
    const answer = await site.app.inject({
      method: 'POST',
      url: '/auth/basic/login',
      payload,
      headers: { [name]: 'a\0b' },
    })
    assert.deepEqual([answer.statusCode, answer.json().code], [400, 'INPUT_CHARACTER'], name)
  }
  for (const text of [
    'Zoë',
    'Привет',
    '東京',
    'مرحبا',
    'नमस्ते',
    'שלום',
    'क्\u200dष',
    'می\u200cخواهم',
    '👩‍👩‍👧',
    '\u200eא',
  ]) {
    const filtered = await site.call(admin, 'GET', `/api/v0/audit?target=${encodeURIComponent(text)}`)
    assert.equal(filtered.statusCode, 200, text)
    const entered = await site.call(undefined, 'POST', '/auth/basic/login', { username: text, password: text })
    assert.equal(entered.json().code, 'AUTH_FAILED', text)
  }
})

test('the line of a key and a license may end as a file does, but hold nothing else that is no text', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\tme\r\n'
  assert.equal((await site.call(admin, 'POST', '/api/v0/ssh-keys', { key })).statusCode, 201)
  const license = await site.license()
  assert.equal((await site.call(admin, 'PUT', '/api/v0/license', { license: `${license}\n` })).statusCode, 200)
  for (const [method, url, body] of [
    ['POST', '/api/v0/ssh-keys', { key: `${key}\0` }],
    ['PUT', '/api/v0/license', { license: `${license}\x1b` }],
  ] as const)
    assert.equal((await site.call(admin, method, url, body)).json().code, 'INPUT_CHARACTER')
})

test('a body nested as deep as it is long costs nobody anything', async (t) => {
  const site = await newSite(t, postgres)
  await site.user('root', 'site-admin')
  const admin = await site.logIn('root')
  const deep = `${'['.repeat(15_000)}${']'.repeat(15_000)}`
  for (const payload of [deep, `{"name":"k","days":1,"scopes":[${deep},${deep}]}`, `{"a":${deep}}`])
    for (const url of ['/api/v0/api-keys', '/api/v0/workspaces', '/api/v0/organizations']) {
      const headers = { 'session-token': admin, 'content-type': 'application/json' }
      const answer = await site.app.inject({ method: 'POST', url, payload, headers })
      assert.equal(answer.statusCode, 400, `${url} ${payload.slice(0, 40)}: ${answer.body}`)
    }
})
