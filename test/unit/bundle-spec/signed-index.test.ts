import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { type Held, signedIndexArtifact, signedIndexParts } from '@sealift/bundle-spec/signed-index.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { code } from '../../fixtures/code.ts'

const files = { index: Buffer.from('{"manifests":[]}'), signature: Buffer.from('{"mediaType":"x"}') }
const { manifest, parts } = signedIndexArtifact(files)

/** The manifest of the artifact, changed. */
function changed(change: (document: ReturnType<typeof JSON.parse>) => unknown, mediaType = mediaTypes.manifest): Held {
  const document = JSON.parse(Buffer.from(manifest.bytes).toString())
  change(document)
  const bytes = toJson(document)
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } }
}

test('a signed index is an artifact of two layers, the same bytes for the same files, and read back as them', () => {
  assert.deepEqual(signedIndexArtifact(files).manifest, manifest)
  // SPEC.md, "A release in a registry": another implementation writes these bytes too
  assert.equal(
    Buffer.from(manifest.bytes).toString(),
    `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.sealift.index.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":"application/vnd.sealift.index.v1+json","digest":"${digestOf(files.index)}","size":16,"annotations":{"org.opencontainers.image.title":"index.json"}},{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":"${digestOf(files.signature)}","size":17,"annotations":{"org.opencontainers.image.title":"index.json.sigstore.json"}}]}`,
  )
  const { index, signature } = signedIndexParts(manifest, 'the release')
  const bytesOf = (digest: string) => parts.find(({ descriptor }) => descriptor.digest === digest)?.bytes
  assert.equal(bytesOf(index.digest), files.index)
  assert.equal(bytesOf(signature.digest), files.signature)
})

for (const [what, expected, held] of [
  ['an index of images', 'BUNDLE_FORMAT', changed(() => {}, mediaTypes.index as typeof mediaTypes.manifest)],
  ['an image', 'BUNDLE_FORMAT', changed((document) => delete document.artifactType)],
  [
    'a file of a release',
    'BUNDLE_FORMAT',
    changed((document) => Object.assign(document, { artifactType: mediaTypes.file })),
  ],
  ['one without layers', 'BUNDLE_FORMAT', changed((document) => document.layers.splice(0))],
  ['one with its layers turned around', 'BUNDLE_FORMAT', changed((document) => document.layers.reverse())],
  ['one with a third layer', 'BUNDLE_FORMAT', changed(({ layers }) => layers.push(layers[1]))],
  [
    'one with another kind of signature',
    'BUNDLE_FORMAT',
    changed(({ layers: [, one] }) => Object.assign(one, { mediaType: 'text/plain' })),
  ],
  ['one without its signature', 'BUNDLE_UNSIGNED', changed(({ layers }) => layers.pop())],
  [
    'one with an endless signature',
    'BUNDLE_LIMIT',
    changed(({ layers: [, one] }) => Object.assign(one, { size: limits.signature + 1 })),
  ],
  ['one that is an index too', 'BUNDLE_DOCUMENT', changed((document) => Object.assign(document, { manifests: [] }))],
  [
    'one with a digest that is none',
    'BUNDLE_DESCRIPTOR',
    changed(({ layers: [one] }) => Object.assign(one, { digest: 'sha256:x' })),
  ],
] as const)
  test(`${what} is no signed index: ${expected}`, () => {
    assert.throws(() => signedIndexParts(held, 'the release'), code(expected))
  })
