import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { toEndpoints } from '../../../installer/src/allowlist/observe/endpoints.ts'
import { observePulls } from '../../../installer/src/allowlist/observe/observe-pulls.ts'
import { code } from '../../fixtures/code.ts'
import { fakeRegistry, noise } from '../../unit/installer/registry/fake-registry.ts'
import { here } from './published.ts'

const bytes = noise(100_000)
const file = { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, plainHttp: true }
const options = { registry: { dockerConfig: false as const, proxy: {} }, web: { proxy: {} }, lookup: here }

test('files of a release that are downloaded are seen with the hosts that they are redirected to', async (t) => {
  const files = await fakeRegistry(t)
  const assets = await fakeRegistry(t)
  const [port, other] = [files, assets].map(({ origin }) => Number(new URL(origin).port))
  files.script = (_request, response) =>
    response
      .writeHead(302, {
        location: `http://assets.example:${other}/store/v1/0b5c1a2e-52bb-4d9a-9c7c-0123456789ab?sig=secret`,
      })
      .end()
  assets.script = (_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  const url = `http://files.example:${port}/vendor/releases/download/tool.tar?token=secret`
  const { sightings, refused } = await observePulls([], { ...options, downloads: [{ name: 'tool', url, ...file }] })
  assert.deepEqual(refused, [])
  assert.deepEqual(sightings, [
    {
      scheme: 'http',
      host: 'assets.example',
      port: other,
      path: '/store/v1/',
      role: 'download',
      after: 'files.example',
      for: ['tool'],
      inside: true,
    },
    {
      scheme: 'http',
      host: 'files.example',
      port,
      path: '/vendor/releases/download/',
      role: 'download',
      for: ['tool'],
      inside: true,
    },
  ])
  assert.equal(assets.seen[0]?.headers.range, 'bytes=0-0')
  const [entry] = toEndpoints(sightings, { on: '2026-11-30', since: '1.0.0', known: [] })
  assert.deepEqual(
    [entry?.from, entry?.phases, entry?.because],
    [['bastion'], ['build'], { kind: 'release', name: 'tool' }],
  )
})

test('a file that leads to where no download should go is told, and one that is not there ends it', async (t) => {
  const files = await fakeRegistry(t)
  files.script = (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end()
  const downloads = [{ name: 'tool', url: `${files.origin}/tool`, ...file }]
  const { sightings, refused } = await observePulls([], { ...options, downloads })
  assert.deepEqual(
    sightings.map(({ host }) => host),
    ['127.0.0.1'],
  )
  assert.deepEqual(
    refused.map(({ host }) => host),
    ['169.254.169.254'],
  )
  files.script = (_request, response) => response.writeHead(404).end()
  await assert.rejects(observePulls([], { ...options, downloads }), code('BUILD_DOWNLOAD'))
  for (const url of ['file:///etc/passwd', 'tool', 'http://user:secret@files.example/x'])
    await assert.rejects(
      observePulls([], { ...options, downloads: [{ name: 'tool', ...file, url }] }),
      code('BUILD_DOWNLOAD'),
    )
})
