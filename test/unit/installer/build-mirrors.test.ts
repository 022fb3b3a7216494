import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Bytes } from '@sealift/bundle-spec/store.ts'
import type { ReferringStore } from '../../../installer/src/stores/referrers.ts'
import { mirroredStore } from '../../../installer/src/stores/registry/mirrors.ts'
import { code } from '../../fixtures/code.ts'

const content = Buffer.from('0123456789')
const descriptor = { mediaType: 'application/octet-stream', digest: `sha256:${'a'.repeat(64)}`, size: 10 }

/** A store that notes what it is asked, and of which each host does as told. */
function scripted(hosts: Record<string, (start: number) => Bytes>) {
  const asked: string[] = []
  const store: ReferringStore = {
    origin: 'scripted',
    resolve: async (reference) => {
      asked.push(reference)
      const host = reference.split('/')[0] as string
      if (!hosts[host]) throw new SealiftError('REGISTRY_UNREACHABLE', `${host} is gone`)
      return descriptor
    },
    has: async (repository) => hosts[repository.split('/')[0] as string] !== undefined,
    open: async (repository, _descriptor, range) => {
      const start = range?.start ?? 0
      asked.push(`${repository}+${start}`)
      const host = hosts[repository.split('/')[0] as string]
      if (!host) throw new SealiftError('REGISTRY_NOT_FOUND', 'not there')
      return host(start)
    },
    referrers: async () => [],
  }
  return { asked, store }
}

async function* all(start: number): AsyncGenerator<Uint8Array, void> {
  yield content.subarray(start)
}

async function* cut(start: number): AsyncGenerator<Uint8Array, void> {
  yield content.subarray(start, start + 4)
  throw new SealiftError('REGISTRY_UNREACHABLE', 'cut')
}

const read = async (bytes: Bytes) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('a blob that a mirror breaks off goes on from there at the next place', async () => {
  const { store, asked } = scripted({ 'one.example': cut, 'two.example': cut, 'vendor.example': all })
  const mirrored = mirroredStore(store, { 'vendor.example': ['one.example', 'two.example/hub'] })
  assert.equal(await read(await mirrored.open('vendor.example/cde/a', descriptor)), content.toString())
  assert.deepEqual(asked, ['one.example/cde/a+0', 'two.example/hub/cde/a+4', 'vendor.example/cde/a+8'])
})

test('a mirror that cannot be reached is not asked again, one that lacks something is', async () => {
  const { store, asked } = scripted({ 'vendor.example': all })
  const mirrored = mirroredStore(store, { 'vendor.example': ['gone.example'] })
  await mirrored.resolve('vendor.example/cde/a:1')
  await mirrored.resolve(`vendor.example/cde/b:1@sha256:${'b'.repeat(64)}`)
  assert.deepEqual(asked, [
    'gone.example/cde/a:1',
    'vendor.example/cde/a:1',
    `vendor.example/cde/b:1@sha256:${'b'.repeat(64)}`,
  ])
  const lacking = scripted({ 'vendor.example': all })
  const other = mirroredStore(lacking.store, { 'vendor.example': ['lacks.example'] })
  for (const _ of [1, 2]) await read(await other.open('vendor.example/cde/a', descriptor))
  assert.equal(lacking.asked.filter((name) => name.startsWith('lacks.example')).length, 2)
})

test('the failure of the last place is the one that is thrown, and hosts without mirrors are asked as they are', async () => {
  const { store, asked } = scripted({})
  const mirrored = mirroredStore(store, { 'vendor.example': ['one.example'] })
  await assert.rejects(mirrored.open('vendor.example/cde/a', descriptor), (error: SealiftError) => {
    assert.match(error.why ?? '', /before that, one\.example: not there/)
    return code('REGISTRY_NOT_FOUND')(error)
  })
  asked.length = 0
  await assert.rejects(mirrored.resolve('other.example/a:1'), code('REGISTRY_UNREACHABLE'))
  assert.deepEqual(asked, ['other.example/a:1'])
})

test('docker.io names without a host find their mirror', async () => {
  const { store, asked } = scripted({ 'hub.example': all })
  await mirroredStore(store, { 'docker.io': ['hub.example/proxy'] }).resolve('debian:13')
  assert.deepEqual(asked, ['hub.example/proxy/library/debian:13'])
})
