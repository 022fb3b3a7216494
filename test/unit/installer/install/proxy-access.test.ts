import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAuthority } from '../../../../installer/src/certificates/issue.ts'
import { type ProxyAnswers, proxyOf, proxySecret } from '../../../../installer/src/install/proxy-access.ts'
import { proxyFor } from '../../../../installer/src/stores/registry/proxy.ts'
import { code } from '../../../fixtures/code.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

const url = 'http://proxy.site.example:3128'
const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`

test('the installer goes through the proxy of the environment, else of the answers, whose login goes nowhere else', async (t) => {
  const directory = await temporaryDirectory(t)
  const loginFile = join(directory, 'login')
  const caFile = join(directory, 'ca.crt')
  await writeFile(loginFile, 'site:p:w @ü\n')
  const { certificate: ca } = await createAuthority('a.example', ['a.example'], {
    from: new Date(0),
    to: new Date(8e12),
  })
  await writeFile(caFile, ca)
  const answers: ProxyAnswers = {
    ...{ mode: 'restricted', registry: { kind: 'serve', address: '10.0.0.5:5000' } },
    proxy: { https: url, loginFile, caFile },
  }
  const login = basic('site:p:w @ü')
  const of = (environment: NodeJS.ProcessEnv) => {
    const { https, authorization, caPem } = proxyOf(answers, environment)
    return [https, authorization, caPem]
  }
  assert.deepEqual(of({}), [url, login, ca])
  assert.deepEqual(of({ HTTPS_PROXY: `${url}/` }), [`${url}/`, login, ca])
  for (const other of [
    'http://other.example:3128',
    'http://ann:own@proxy.site.example:3128',
    'http://proxy.site.example',
  ])
    assert.deepEqual(of({ HTTPS_PROXY: other }), [other, undefined, ca])
  assert.deepEqual(of({ HTTPS_PROXY: url, HTTP_PROXY: 'http://other.example' }), [url, undefined, ca])
  const without = { registry: answers.registry }
  assert.equal(proxyOf(without, {}).https, undefined)
  assert.deepEqual(proxySecret(answers), { login: 'site:p%3Aw%20%40%C3%BC', 'ca.crt': ca })
  assert.equal(proxySecret({ proxy: { https: url } }), undefined)
  assert.throws(() => proxySecret({ proxy: { loginFile: caFile } }), code('USAGE_PROXY'))
})

test('the own registry of a site is reached without its proxy, one of the vendor through it', () => {
  const through = (registry: ProxyAnswers['registry'], more: Partial<ProxyAnswers> = {}) => {
    const settings = proxyOf({ mode: 'restricted', registry, proxy: { https: url }, ...more }, {})
    return proxyFor(new URL(`https://${registry.address}`), settings) !== undefined
  }
  const release = 'registry.vendor.example/cde/release:0.1.0'
  assert.equal(through({ kind: 'serve', address: '10.0.0.5:5000' }), false)
  assert.equal(through({ kind: 'seed', address: 'harbor.site.example/mirror' }), false)
  assert.equal(through({ kind: 'existing', address: 'harbor.site.example' }, { release }), false)
  assert.equal(through({ kind: 'existing', address: '[fd00::5]:5000' }, { release }), false)
  assert.equal(through({ kind: 'existing', address: 'registry.vendor.example' }, { release }), true)
  assert.equal(through({ kind: 'existing', address: 'registry.vendor.example' }, { release, mode: 'airgapped' }), false)
})
