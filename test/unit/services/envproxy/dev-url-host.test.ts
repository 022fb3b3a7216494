import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlace } from '../../../../services/envproxy/dev-urls/host.ts'
import { guards, ofWorkspace, passes, visitorCookies } from '../../../../services/envproxy/dev-urls/visit-headers.ts'

const read = (host: string | undefined) => readPlace({ headers: { host }, url: '/x?y' }, { devUrls: 'dev.example' })

test('a name of one label below the host is a dev URL, whatever its case and port', () => {
  for (const header of ['8000-box-ann.dev.example', '8000-BOX-Ann.Dev.Example', '8000-box-ann.dev.example:8443'])
    assert.deepEqual(read(header), { label: '8000-box-ann', target: '/x?y' }, header)
  assert.deepEqual(read('ide-abcde12345.dev.example'), { label: 'ide-abcde12345', target: '/x?y' })
})

test('names that are not below the host are the site’s', () => {
  for (const header of [
    undefined,
    '',
    'cde.example',
    '127.0.0.1:8080',
    'notdev.example',
    '8000-box-ann.dev.example.evil.example',
    '8000-box-ann.dev.exampl',
  ])
    assert.equal(read(header), 'elsewhere', String(header))
})

test('names below the host that no dev URL has are never the site’s', () => {
  for (const header of [
    'dev.example',
    'dev.example.',
    '.dev.example',
    '8000-box-ann.dev.example.',
    '8000-box-ann.dev.example..:80',
    'x.8000-box-ann.dev.example',
    'www.dev.example',
    '123456-box-ann.dev.example',
    `1-${'a'.repeat(62)}.dev.example`,
    '8000_box.dev.example',
    '8000-box ann.dev.example',
    'user@8000-box-ann.dev.example',
    'ide-abcde1234.dev.example',
    'ide-abcde123456.dev.example',
    'x.ide-abcde12345.dev.example',
  ])
    assert.equal(read(header), undefined, header)
})

test('cookies of the platform stay outside of the workspace, the workspace’s own go in', () => {
  const token = 'x'.repeat(43)
  const sent = `a=1; __Host-cde_visitor=v; session_token=${token}; __Host-session_token=${token}; __host-cde_login=l; b=2`
  assert.equal(visitorCookies(sent), 'a=1; b=2')
  assert.equal(visitorCookies('session_token=mine'), 'session_token=mine', 'a name that others use too')
  assert.equal(visitorCookies(`=__Host-cde_visitor=v`), undefined)
  assert.equal(visitorCookies(undefined), undefined)
})

test('a workspace sets cookies for its own host alone, and none of the platform’s', () => {
  const set = (value: string) => ofWorkspace('set-cookie', value, { open: false })
  assert.equal(set('a=1; Domain=example; Path=/x; HttpOnly'), 'a=1; Path=/x; HttpOnly')
  assert.equal(set('a=1;domain = .example ;Secure'), 'a=1; Secure')
  assert.equal(set('a=1; Domain'), 'a=1')
  assert.equal(set('__Host-own=1; Secure; Path=/'), '__Host-own=1; Secure; Path=/')
  for (const forged of [
    '__Host-cde_visitor=x; Secure; Path=/',
    '__HOST-CDE_visitor=x; Domain=example',
    '=__Host-cde_visitor=x; Secure; Path=/',
    ' = __Host-cde_login=x',
  ])
    assert.equal(set(forged), undefined, forged)
  assert.equal(ofWorkspace('location', '/x', { open: false }), '/x')
})

test('tokens of the platform and headers that only the ingress sets do not pass', () => {
  const token = 'x'.repeat(43)
  assert.equal(passes('authorization', `Bearer ${token}`), false)
  assert.equal(passes('authorization', `bearer  cde_${token}`), false)
  assert.equal(passes('authorization', 'Bearer own.token.of-the-app'), true)
  assert.equal(passes('authorization', 'Basic eDp5'), true)
  for (const name of ['x-forwarded-user', 'x-forwarded-prefix', 'x-forwarded-port'])
    assert.equal(passes(name, 'v'), false)
  for (const name of ['x-forwarded-for', 'x-forwarded-proto', 'cookie', 'accept'])
    assert.equal(passes(name, 'v'), undefined)
})

test('what is not public is embedded by no other page, whatever the workspace says', () => {
  const corp = 'cross-origin-resource-policy'
  assert.equal(ofWorkspace(corp, 'cross-origin', { open: false }), undefined)
  assert.deepEqual(guards({ open: false }), ['Content-Security-Policy', "frame-ancestors 'self'", corp, 'same-origin'])
  assert.equal(ofWorkspace(corp, 'cross-origin', { open: true }), 'cross-origin')
  assert.deepEqual(guards({ open: true }), [])
})
