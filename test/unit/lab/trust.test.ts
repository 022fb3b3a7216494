import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostsFile } from '../../lab/trust.ts'

test('a registry is trusted by its CA at its own address', () => {
  const text = hostsFile('10.99.0.1:5000', '/lab/ca.crt')
  assert.match(text, /^server = "https:\/\/10\.99\.0\.1:5000"$/m)
  assert.match(text, /^ {2}ca = "\/lab\/ca\.crt"$/m)
  assert.doesNotMatch(text, /skip_verify|Authorization/)
})

test('a registry whose name does not resolve is reached at a given address, with credentials', () => {
  const text = hostsFile('registry.site.example', '/lab/ca.crt', {
    address: '10.99.0.1:5000',
    username: 'u',
    password: 'p',
  })
  assert.match(text, /^\[host\."https:\/\/10\.99\.0\.1:5000"\]$/m)
  assert.match(text, /Authorization = "Basic dTpw"/)
})
