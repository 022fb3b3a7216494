import assert from 'node:assert/strict'
import { test } from 'node:test'
import { siteCookies } from '../../../services/manager/site-cookies.ts'

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
