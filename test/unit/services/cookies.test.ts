import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { siteCookies } from '../../../services/manager/site-cookies.ts'

const services = join(import.meta.dirname, '../../../services')

test('no other host can set a cookie of the site, wherever browsers keep such ones', () => {
  const cookies = Object.values(siteCookies('https://cde.example'))
  assert.deepEqual(
    cookies.map(({ name }) => name),
    ['__Host-session_token', '__Host-oidc_login'],
  )
  for (const { name, options } of cookies) {
    const { sameSite, ...rest } = options
    assert.deepEqual(rest, { path: '/', httpOnly: true, secure: true }, name)
    assert.match(sameSite, /^(strict|lax)$/, name)
  }
  // without TLS no browser takes the prefix
  assert.equal(siteCookies('http://127.0.0.1:3000').session.name, 'session_token')
})

// the tests of each look at what they set: integration/manager/oidc.test.ts and integration/envproxy/dev-urls.test.ts
test('no other place sets a cookie', async () => {
  const found: Record<string, string[]> = {}
  for await (const file of glob('**/*.{ts,tsx}', { cwd: services })) {
    const text = await readFile(join(services, file), 'utf8')
    const lines = text.match(/(set|clear)Cookie\([\w.]+|'set-cookie'(: |, )\w+/gi) ?? []
    if (lines.length > 0) found[file] = [...new Set(lines)].sort()
  }
  assert.deepEqual(found, {
    'envproxy/dev-urls/enter.ts': ["'set-cookie': cookie"],
    'envproxy/dev-urls/serve.ts': ["'Set-Cookie', renewed"],
    'manager/routes/auth.ts': ['clearCookie(session.name', 'setCookie(session.name'],
    'manager/routes/oidc.ts': ['clearCookie(oidcLogin.name', 'setCookie(oidcLogin.name', 'setCookie(session.name'],
  })
})
