import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirected } from '../../../../installer/src/stores/registry/redirect.ts'

const from = new URL('https://registry.example/v2/cde/a/blobs/x?y=1')
const follow = (location: string) => redirected({ host: from.host, operation: 'read it' }, location, from).href

test('a Location leads where every parser of URLs would go', () => {
  for (const [location, to] of [
    ['https://bytes.example/x?a=%20b', 'https://bytes.example/x?a=%20b'],
    ['HTTPS://bytes.example:8443', 'https://bytes.example:8443/'],
    ['//bytes.example/x', 'https://bytes.example/x'],
    ['/other', 'https://registry.example/other'],
    ['other', 'https://registry.example/v2/cde/a/blobs/other'],
    ['?page=2', 'https://registry.example/v2/cde/a/blobs/x?page=2'],
    ['https://[2001:db8::1]/x', 'https://[2001:db8::1]/x'],
  ] as const)
    assert.equal(follow(location), to, location)
})

test('a weird Location is refused in words that say what is odd about it, and never names an empty host', () => {
  const noHost = 'it redirects to an address without a host'
  for (const [location, reason, to] of [
    ['http:///x', noHost, ''],
    ['https:///x', noHost, ''],
    ['///x', noHost, ''],
    ['//', noHost, ''],
    ['//?x', noHost, ''],
    ['http://', noHost, ''],
    ['https://', noHost, ''],
    ['http:', noHost, ''],
    ['https:', noHost, ''],
    ['https:x', noHost, ''],
    ['https:/x', noHost, ''],
    ['http:#x', noHost, ''],
    ['http://user@/x', noHost, ''],
    ['http://:80/x', 'it redirects to something that is not an address', ':80'],
    ['https://registry.example:99999/', 'it redirects to something that is not an address', 'registry.example:99999'],
    ['https://[::1', 'it redirects to something that is not an address', '[::1'],
    ['http://bytes.example/x', 'it redirects to bytes.example without TLS', 'bytes.example'],
    ['mailto:root@bytes.example', 'it redirects to an address of the kind mailto:, without TLS', ''],
    ['file:///etc/passwd', 'it redirects to an address of the kind file:, without TLS', ''],
    ['javascript:1', 'it redirects to an address of the kind javascript:, without TLS', ''],
    ['ws://bytes.example/', 'it redirects to an address of the kind ws:, without TLS', 'bytes.example'],
    [
      'https://me:secret@bytes.example/',
      'it redirects to an address with a login in it, at bytes.example',
      'bytes.example',
    ],
    ['https:\\\\bytes.example', 'it redirects to an address with characters that no address has', ''],
    ['https://by%74es.example/', 'it redirects to an address with characters that no address has', 'by%74es.example'],
    ['/a\tb', 'it redirects to an address with characters that no address has', ''],
  ] as const)
    assert.throws(() => follow(location), { code: 'REGISTRY_PROTOCOL', reason, to }, JSON.stringify(location))
})
