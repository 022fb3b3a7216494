import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { serveCommand, unserved } from '../../../../installer/src/install/serve-command.ts'

const registry = { kind: 'serve', address: '10.0.0.5:5000/mirror' } as const

test('the command serves what the answers name, and capitals stand for what they do not name yet', () => {
  assert.equal(
    serveCommand({ registry, bundle: "/media/it's here.bundle", trust: ['a.pub', 'b.pub'], license: 'my.license' }),
    "sealift serve '/media/it'\\''s here.bundle' --listen 10.0.0.5:5000 --trust a.pub --trust b.pub --license my.license",
  )
  assert.equal(
    serveCommand({ registry: { ...registry, username: 'nodes', passwordFile: '/site/password' } }),
    'sealift serve BUNDLE --listen 10.0.0.5:5000 --trust KEY --license LICENSE --username nodes --password-file /site/password',
  )
})

test('a registry that does not answer is one that nobody has started, where it is to be served', () => {
  const silent = new SealiftError('REGISTRY_UNREACHABLE', 'registry 10.0.0.5:5000 cannot be reached', { fix: 'curl' })
  assert.match((unserved(silent, { registry }) as SealiftError).fix ?? '', /sealift serve BUNDLE/)
  assert.equal(unserved(silent, { registry: { ...registry, kind: 'existing' } }), silent)
  const other = new SealiftError('REGISTRY_TLS', 'not trusted')
  assert.equal(unserved(other, { registry }), other)
})
