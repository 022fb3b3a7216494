import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure, ingress, serverBlocks, service, slice } from './objects.ts'

test('the same objects in another order give the same text', () => {
  const one = ingress('one', { 'x.example': { '/': 'a', '/b': 'b' } })
  const two = ingress('two', { 'y.example': { '/': 'c' } })
  assert.equal(configure({ ingresses: [one, two] }).text, configure({ ingresses: [two, one] }).text)
})

test('a Prefix goes by path elements, an Exact path wins at its own path', () => {
  const { text } = configure({ ingresses: [ingress('x', { 'x.example': { '/api/': 'a', '/api =': 'b', '/': 'c' } })] })
  const [block = ''] = serverBlocks(text, '"x.example"')
  assert.match(block, /location = "\/api" \{ proxy_pass "http:\/\/cde_b_80"; \}/)
  assert.match(block, /location "\/api\/" \{ proxy_pass "http:\/\/cde_a_80"; \}/)
  assert.match(block, /location "\/" \{ proxy_pass "http:\/\/cde_c_80"; \}/)
})

test('a wildcard host becomes an expression for exactly one label', () => {
  const { text } = configure({ ingresses: [ingress('x', { '*.dev.example': { '/': 'a' } })] })
  const pattern = /server_name "~(.+)";/.exec(text)?.[1] ?? ''
  const expression = new RegExp(pattern)
  assert.ok(expression.test('8080-box-ann.dev.example'))
  assert.ok(!expression.test('a.b.dev.example'))
  assert.ok(!expression.test('dev.example'))
  assert.ok(!expression.test('a.devxexample'))
})

test('a path that two Ingresses claim stays with the older one', () => {
  const young = ingress('a-young', { 'x.example': { '/': 'a', '/more': 'c' } }, { age: 1 })
  const old = ingress('z-old', { 'x.example': { '/': 'b' } }, { age: 100 })
  const { text, reasons } = configure({ ingresses: [young, old] })
  assert.match(text, /location "\/" \{ proxy_pass "http:\/\/cde_b_80"; \}/)
  assert.match(text, /location "\/more\/" \{ proxy_pass "http:\/\/cde_c_80"; \}/)
  assert.deepEqual(reasons, ['a-young: the path is already taken: "x.example/"'])
})

test('a rule without a host and a default backend serve hosts that nobody claims', () => {
  const { text } = configure({
    ingresses: [ingress('x', { '': { '/only': 'a' } }), ingress('y', {}, { fallback: 'b' })],
  })
  const [block = ''] = serverBlocks(text, '_')
  assert.match(block, /location "\/only\/" \{ proxy_pass "http:\/\/cde_a_80"; \}/)
  assert.match(block, /location "\/" \{ proxy_pass "http:\/\/cde_b_80"; \}/)
})

test('a backend without a Service, port or pod takes only its own path out', () => {
  const paths = { '/gone': 'nobody', '/empty': 'empty', '/': 'a' }
  const { text, reasons } = configure({
    ingresses: [ingress('x', { 'x.example': paths })],
    services: [service('a'), service('empty')],
  })
  assert.deepEqual(reasons, ['x: the Service "nobody" does not exist'])
  assert.match(text, /location "\/empty\/" \{ return 503 /)
  assert.match(text, /location "\/" \{ proxy_pass "http:\/\/cde_a_80"; \}/)
})

test('ready pods are used; pods that leave only when there is no other', () => {
  const leaving = { address: '10.0.0.9', ready: false, serving: true, terminating: true }
  const broken = { address: '10.0.0.8', ready: false, serving: false, terminating: false }
  const endpoints = (slices: ReturnType<typeof slice>[]) =>
    configure({ ingresses: [ingress('x', { 'x.example': { '/': 'a' } })], slices }).compiled.model.upstreams[0]
      ?.endpoints
  assert.deepEqual(endpoints([slice('a', [{ address: '10.0.0.2' }, leaving, broken])]), ['10.0.0.2:8080'])
  assert.deepEqual(endpoints([slice('a', [leaving, broken])]), ['10.0.0.9:8080'])
  assert.deepEqual(endpoints([slice('a', [broken])]), [])
  assert.deepEqual(endpoints([slice('a', [{ address: 'fd00::1' }], 8080, 'IPv6')]), ['[fd00::1]:8080'])
  const hostile = [{ address: '10.0.0.1; }' }, { address: 'evil.example' }, { address: 'fe80::1%eth0' }]
  assert.deepEqual(endpoints([slice('a', hostile)]), [])
})

test('an unknown port name finds nothing', () => {
  const named = ingress('x', { 'x.example': { '/': 'a' } })
  const path = named.spec?.rules?.[0]?.http?.paths[0]
  if (path?.backend.service) path.backend.service.port = { name: 'metrics' }
  assert.deepEqual(configure({ ingresses: [named] }).reasons, ['x: the Service "a" has no such port'])
})

test('what hurts by default is set: no body limit, no buffering, long reads, no version', () => {
  const { text } = configure({})
  for (const line of [
    'client_max_body_size 0;',
    'proxy_buffering off;',
    'proxy_read_timeout 4h;',
    'server_tokens off;',
  ]) {
    assert.ok(text.includes(line), line)
  }
  assert.doesNotMatch(text, /\$request_uri|\$args/)
})
