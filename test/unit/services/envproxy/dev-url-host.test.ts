import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlace } from '../../../../services/envproxy/dev-urls/host.ts'
import { guards, ofWorkspace, passes, visitorCookies } from '../../../../services/envproxy/dev-urls/visit-headers.ts'

const hosts = { devUrls: 'dev.example', editors: 'ide.example' }
const read = (host: string | undefined, url = '/x?y') => readPlace({ headers: { host }, url }, hosts)
/** of answers of a dev URL */
const answered = { base: '', target: '/a/b', host: '8000-box-ann.dev.example', open: false }
/** of answers of an editor at the host of all */
const shared = { base: '/abcde12345', target: '/a/b', host: 'ide.example', open: false }

test('a name of one label below the host is a dev URL, whatever its case and port', () => {
  for (const header of ['8000-box-ann.dev.example', '8000-BOX-Ann.Dev.Example', '8000-box-ann.dev.example:8443'])
    assert.deepEqual(read(header), { label: '8000-box-ann', base: '', target: '/x?y' }, header)
  assert.deepEqual(read('ide-abcde12345.dev.example'), { label: 'ide-abcde12345', base: '', target: '/x?y' })
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
  const set = (value: string) => ofWorkspace('set-cookie', value, answered)
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
  assert.equal(ofWorkspace('location', '/x', answered), '/x')
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
  assert.equal(ofWorkspace(corp, 'cross-origin', answered), undefined)
  assert.deepEqual(guards(false), ['Content-Security-Policy', "frame-ancestors 'self'", corp, 'same-origin'])
  assert.equal(ofWorkspace(corp, 'cross-origin', { ...answered, open: true }), 'cross-origin')
  assert.deepEqual(guards(true), [])
})

test('at the host of all editors the path names the workspace, and is taken away', () => {
  const place = (target: string) => ({ label: 'ide-abcde12345', base: '/abcde12345', target })
  assert.deepEqual(read('ide.example', '/abcde12345/a%2Fb?c=/d'), place('/a%2Fb?c=/d'))
  assert.deepEqual(read('IDE.example:8443', '/abcde12345//x'), place('//x'))
  for (const rest of ['', '?a=b'])
    assert.deepEqual(read('ide.example', `/abcde12345${rest}`), place(rest), 'no folder yet')
  for (const path of [
    '/',
    '/abcde1234/',
    '/abcde123456/',
    '/ABCDE12345/',
    '//abcde12345/',
    '/./abcde12345/',
    '/%61bcde12345/',
  ])
    assert.equal(read('ide.example', path), undefined, path)
  for (const host of ['ide.example.', 'x.ide.example', 'ide-abcde12345.ide.example'])
    assert.equal(read(host, '/abcde12345/'), undefined, host)
  assert.equal(read('cde.example', '/abcde12345/'), 'elsewhere')
})

test('at the host of all editors cookies, redirects and service workers stay below the path of the workspace', () => {
  const set = (value: string) => ofWorkspace('set-cookie', value, shared)
  assert.equal(set('a=1; Domain=ide.example; Path=/; HttpOnly'), 'a=1; HttpOnly; Path=/abcde12345/')
  assert.equal(set('a=1; PATH = /zzzzz12345/'), 'a=1; Path=/abcde12345/')
  assert.equal(set('__Host-cde_visitor=forged; Path=/; Secure'), undefined)
  const to = (value: string) => ofWorkspace('location', value, shared)
  assert.equal(to('/x?y#z'), '/abcde12345/x?y#z')
  assert.equal(to('./?folder=/home'), '/abcde12345/a/?folder=/home')
  assert.equal(to('../../../zzzzz12345/'), '/abcde12345/zzzzz12345/')
  assert.equal(to('https://ide.example/zzzzz12345/'), '/abcde12345/zzzzz12345/')
  assert.equal(to('//IDE.example/x'), '/abcde12345/x')
  assert.equal(to('https://elsewhere.example/x'), 'https://elsewhere.example/x')
  assert.equal(to('http://['), undefined)
  assert.equal(ofWorkspace('service-worker-allowed', '/', shared), undefined)
  assert.equal(ofWorkspace('service-worker-allowed', '/', answered), '/', 'an origin of its own')
})
