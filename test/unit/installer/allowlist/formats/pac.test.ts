import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import type { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { matchesHost } from '@sealift/bundle-spec/host-pattern.ts'
import fc from 'fast-check'
import { pac } from '../../../../../installer/src/allowlist/formats/pac.ts'
import { allowlist, allowlists, endpoint } from '../../../../fixtures/allowlist.ts'

/** The file's function, in a context that has nothing but the language, as a browser's has. */
function load(list: Allowlist, proxy?: string): (url: string, host: string) => string {
  const context: { FindProxyForURL?: (url: string, host: string) => string } = {}
  runInNewContext(pac.write(list, proxy === undefined ? {} : { proxy }).text, context)
  assert.ok(context.FindProxyForURL)
  return context.FindProxyForURL
}

test('a browser goes through the proxy for exactly the names and ports of the list', () => {
  const name = fc
    .array(fc.constantFrom('a', 'b', 'ab', 'a_b', 'default', '__proto__', 'constructor'), { maxLength: 5 })
    .chain((labels) =>
      fc.constantFrom('example.com', 'x.example', 'example', 'com').map((end) => [...labels, end].join('.')),
    )
  const hosts = fc.array(fc.oneof(name, fc.constantFrom('default', '__proto__', 'constructor', 'toString')), {
    minLength: 20,
    maxLength: 40,
    size: 'max',
  })
  fc.assert(
    fc.property(allowlists, hosts, fc.constantFrom(443, 80, 8443), (list, asked, port) => {
      const find = load(list, 'proxy.site.example:3128')
      const web = list.endpoints.filter(({ scheme }) => scheme === 'https' || scheme === 'http')
      for (const host of asked)
        assert.equal(
          find(`https://${host}:${port}/`, host),
          web.some((one) => one.port === port && matchesHost(one, host)) ? 'PROXY proxy.site.example:3128' : 'DIRECT',
          host,
        )
    }),
    { numRuns: 50 },
  )
})

test('a port is that of the URL, or its scheme', () => {
  const find = load(
    allowlist([endpoint(), endpoint({ port: 80, host: 'plain.example' }), endpoint({ host: '2001:db8::1' })]),
    '[2001:db8::9]:3128',
  )
  const cases: [url: string, host: string, listed: boolean][] = [
    ['https://example.com/', 'example.com', true],
    ['https://example.com', 'example.com', true],
    ['https://example.com:443/x', 'EXAMPLE.com.', true],
    ['wss://example.com/socket', 'example.com', true],
    ['https://[2001:db8::1]/', '2001:db8::1', true],
    ['https://[2001:db8::1]:443/', '[2001:db8::1]', true],
    ['http://plain.example/', 'plain.example', true],
    ['ws://plain.example/?a:443/', 'plain.example', true],
    ['http://example.com/', 'example.com', false],
    ['https://example.com:8443/', 'example.com', false],
    ['https://[2001:db8::1]:22/', '2001:db8::1', false],
    ['https://plain.example/#:80/', 'plain.example', false],
    ['https://example.com:443@evil.test/', 'evil.test', false],
    ['https://user:1@example.com:22/', 'example.com', false],
    ['https://example.com:22/@x:443/', 'example.com', false],
    ['ftp://example.com:443/', 'example.com', false],
    ['https://.example.com/', '.example.com', false],
    ['nonsense', 'example.com', false],
  ]
  for (const [url, host, listed] of cases)
    assert.equal(find(url, host), listed ? 'PROXY [2001:db8::9]:3128' : 'DIRECT', url)
})

test('without a proxy, what is not listed is refused', () => {
  const find = load(allowlist([endpoint()]))
  assert.equal(find('https://example.com/', 'example.com'), 'DIRECT')
  assert.equal(find('https://other.test/', 'other.test'), 'PROXY 127.0.0.1:9')
})

test('a proxy that is not HOST:PORT is refused', () => {
  for (const proxy of [
    '',
    'proxy',
    'proxy:',
    'proxy:0',
    'proxy:70000',
    'http://proxy:3128',
    'a:1"; DIRECT',
    'a b:1',
    'a:1\n:2',
  ])
    assert.throws(() => pac.write(allowlist([]), { proxy }), { code: 'USAGE_ARGUMENTS' }, proxy)
})
