import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { serveCommand, serveFlags, serviceCommand, unserved } from '../../../../installer/src/install/serve-command.ts'

const registry = { kind: 'serve', address: '10.0.0.5:5000/mirror' } as const

test('the command serves what the answers name, and capitals stand for what they do not name yet', () => {
  const served = { registry, bundle: "/media/it's here.bundle", trust: ['a.pub', 'b.pub'], license: 'my.license' }
  const command =
    "sealift serve '/media/it'\\''s here.bundle' --listen 10.0.0.5:5000 --trust a.pub --trust b.pub --license my.license"
  assert.equal(serveCommand(served, '--background'), `${command} --background`)
  assert.ok(serviceCommand(served).startsWith(`${command} --systemd > /etc/systemd/system/`))
  assert.equal(
    serveCommand({ registry: { ...registry, username: 'nodes', passwordFile: '/site/password' } }, '--systemd'),
    'sealift serve BUNDLE --listen 10.0.0.5:5000 --trust KEY --license LICENSE --username nodes --password-file /site/password --systemd',
  )
})

test('an address without a port has that of its protocol', () => {
  const listens = (address: string, plainHttp?: boolean) =>
    serveFlags({ registry: { kind: 'serve', address, ...(plainHttp ? { plainHttp } : {}) } })[0]
  assert.deepEqual(listens('registry.site.example'), ['--listen', 'registry.site.example:443'])
  assert.deepEqual(listens('registry.site.example/mirror', true), ['--listen', 'registry.site.example:80'])
  assert.deepEqual(listens('[fd00::1]'), ['--listen', '[fd00::1]:443'])
  assert.deepEqual(listens('[fd00::1]:5000'), ['--listen', '[fd00::1]:5000'])
})

test('a registry that does not answer is one that nobody has started, where it is to be served', () => {
  const silent = new SealiftError('REGISTRY_UNREACHABLE', 'registry 10.0.0.5:5000 cannot be reached', { fix: 'curl' })
  assert.match((unserved(silent, { registry }) as SealiftError).fix ?? '', /sealift serve BUNDLE .*--background/)
  assert.equal(unserved(silent, { registry: { ...registry, kind: 'existing' } }), silent)
  const other = new SealiftError('REGISTRY_TLS', 'not trusted')
  assert.equal(unserved(other, { registry }), other)
})
