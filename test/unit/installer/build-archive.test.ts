import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Header } from 'tar/header'
import { archiveStore } from '../../../installer/src/stores/archive/open.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

interface Entry {
  path: string
  content?: string | Buffer
  type?: 'File' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'ExtendedHeader' | 'NextFileHasLongPath' | 'Directory'
  linkpath?: string
  /** what the header claims, where it is not the content's */
  size?: number
}

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

function tarOf(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ path, content = '', type = 'File', linkpath, size }) => {
    const bytes = Buffer.from(content)
    const block = Buffer.alloc(512)
    const length = size ?? bytes.length
    new Header({ path, type, size: length, mode: 0o644, mtime: new Date(0), ...(linkpath ? { linkpath } : {}) }).encode(
      block,
      0,
    )
    return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]
  })
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

const layer = 'a layer'
const configOf = (...layers: (string | Buffer)[]) =>
  JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: layers.map((l) => `sha256:${sha256(l)}`) },
  })
const manifestOf = (...layers: string[]) =>
  JSON.stringify([{ Config: 'config.json', RepoTags: ['vendor.example/a:1'], Layers: layers }])
const good: readonly Entry[] = [
  { path: 'layer.tar', content: layer },
  { path: 'config.json', content: configOf(layer) },
  { path: 'manifest.json', content: manifestOf('layer.tar') },
]

async function resolved(t: TestContext, bytes: Buffer, reference = 'vendor.example/a:1') {
  const path = join(await temporaryDirectory(t), 'saved.tar')
  await writeFile(path, bytes)
  const store = await archiveStore(path)
  t.after(() => store.close())
  return { store, descriptor: await store.resolve(reference) }
}

const refused = (t: TestContext, entries: readonly Entry[] | Buffer) =>
  assert.rejects(resolved(t, Buffer.isBuffer(entries) ? entries : tarOf(entries)), code('STORAGE_ARCHIVE'))

test('a plain archive resolves by its tag, or without one where it holds one image', async (t) => {
  const { store, descriptor } = await resolved(t, tarOf(good))
  assert.equal((await store.resolve('')).digest, descriptor.digest)
  await assert.rejects(store.resolve('vendor.example/b:1'), code('STORAGE_NOT_FOUND'))
})

test('a layer may be a link to a file of the archive, as docker writes one that two images share', async (t) => {
  const { store, descriptor } = await resolved(
    t,
    tarOf([
      { path: 'abc', type: 'Directory' },
      { path: 'shared.tar', content: layer },
      { path: 'abc/layer.tar', type: 'SymbolicLink', linkpath: '../shared.tar' },
      { path: 'config.json', content: configOf(layer) },
      { path: 'manifest.json', content: manifestOf('abc/layer.tar') },
    ]),
  )
  assert.equal(descriptor.digest, (await resolved(t, tarOf(good))).descriptor.digest)
  assert.equal(await store.has('', { mediaType: 'x/y', digest: `sha256:${sha256(layer)}`, size: layer.length }), true)
})

test('a link out of the archive leads nowhere', async (t) => {
  for (const linkpath of ['/etc/passwd', '../../../../etc/passwd'])
    await refused(t, [
      { path: 'layer.tar', type: 'SymbolicLink', linkpath },
      { path: 'config.json', content: configOf(layer) },
      { path: 'manifest.json', content: manifestOf('layer.tar') },
    ])
})

test('a name with ../ opens no file beside the archive', async (t) => {
  await refused(t, [...good.slice(0, 2), { path: 'manifest.json', content: manifestOf('../../../../etc/passwd') }])
})

test('a compressed layer is proven by what is in it: one with more in it, or cut, is refused', async (t) => {
  const packed = gzipSync(Buffer.from(layer.repeat(1000)))
  const { store, descriptor } = await resolved(
    t,
    tarOf([
      { path: 'layer.tar', content: packed },
      { path: 'config.json', content: configOf(layer.repeat(1000)) },
      { path: 'manifest.json', content: manifestOf('layer.tar') },
    ]),
  )
  const chunks: Uint8Array[] = []
  for await (const chunk of await store.open('', descriptor)) chunks.push(chunk)
  const [described] = JSON.parse(Buffer.concat(chunks).toString()).layers
  assert.deepEqual(described, {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: `sha256:${sha256(packed)}`,
    size: packed.length,
  })
  await refused(t, [
    { path: 'layer.tar', content: Buffer.concat([packed, packed]) },
    { path: 'config.json', content: configOf(layer.repeat(1000)) },
    { path: 'manifest.json', content: manifestOf('layer.tar') },
  ])
  await refused(t, [
    { path: 'layer.tar', content: packed.subarray(0, packed.length - 20) },
    { path: 'config.json', content: configOf(layer.repeat(1000)) },
    { path: 'manifest.json', content: manifestOf('layer.tar') },
  ])
})

test('a layer that is another one than its config says is refused', (t) =>
  refused(t, [{ path: 'layer.tar', content: 'another' }, ...good.slice(1)]))

test('a config that does not describe every layer is refused', (t) =>
  refused(t, [...good.slice(0, 2), { path: 'manifest.json', content: manifestOf('layer.tar', 'layer.tar') }]))

test('a file that stands twice is refused, so that no reader sees another one', (t) =>
  refused(t, [...good, good[2] as Entry]))

test('devices, long names and names in extended headers are refused', async (t) => {
  await refused(t, [{ path: 'null', type: 'CharacterDevice' }, ...good])
  await refused(t, [{ path: '././@LongLink', type: 'NextFileHasLongPath', content: 'x'.repeat(200) }, ...good])
  await refused(t, [{ path: 'PaxHeader', type: 'ExtendedHeader', content: '22 path=manifest.json\n' }, ...good])
  await resolved(t, tarOf([{ path: 'PaxHeader', type: 'ExtendedHeader', content: '20 mtime=1234567890\n' }, ...good]))
})

test('a size that goes past the end, a damaged header, a cut and a compressed file are refused', async (t) => {
  await refused(t, [{ path: 'layer.tar', content: layer, size: 2 ** 40 }, ...good.slice(1)])
  const bytes = tarOf(good)
  const damaged = Buffer.from(bytes)
  damaged[3] = 0x41
  await refused(t, damaged)
  await refused(t, bytes.subarray(0, 1024))
  await refused(t, Buffer.alloc(0))
  await refused(t, gzipSync(bytes))
})

test('a manifest.json that is none is refused, however large', async (t) => {
  for (const content of ['{}', 'null', '[null]', '[{"Config":1}]', '[{"Config":"config.json","Layers":"layer.tar"}]'])
    await refused(t, [...good.slice(0, 2), { path: 'manifest.json', content }])
  await refused(t, [...good.slice(0, 2), { path: 'manifest.json', content: ' '.repeat(5 << 20) }])
})

test('a FIFO, a directory and a missing file do not hang', async (t) => {
  const directory = await temporaryDirectory(t)
  execFileSync('mkfifo', [join(directory, 'fifo')])
  for (const name of ['fifo', '.', 'none'])
    await assert.rejects(archiveStore(join(directory, name)), code('STORAGE_ARCHIVE'))
})

test('a disk that does not give its bytes is named as the reason', async () => {
  // a file whose first bytes are an error of the kernel
  await assert.rejects(archiveStore('/proc/self/mem'), { code: 'STORAGE_ARCHIVE', why: /disk does not give.*EIO/ })
})

test('a manifest or a configuration that is no JSON, and a link with content, are refused', async (t) => {
  await refused(t, [...good.slice(0, 2), { path: 'manifest.json', content: '<html>' }])
  await refused(t, [good[0] as Entry, { path: 'config.json', content: '{' }, good[2] as Entry])
  await refused(t, [{ path: 'link', type: 'SymbolicLink', linkpath: 'layer.tar', content: 'x'.repeat(512) }, ...good])
})
