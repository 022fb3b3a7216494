import { type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import type { RegistryStore } from '../../../installer/src/stores/registry/store.ts'
import { layerOf } from './image-layer.ts'

/** What makes one image out of another. */
export interface ImageChange {
  /** text files by their path in the image, `app/migrations/901_more.sql`: one more layer */
  files?: Readonly<Record<string, string>>
  labels?: Readonly<Record<string, string>>
  entrypoint?: readonly string[]
  /** names another tar in place of the last layer's, so that no node can unpack an image that is whole at every registry */
  falseDiffId?: boolean
}

/** Parts of an image's configuration (image-spec, config.md). */
interface Config {
  config?: { Labels?: Record<string, string>; Entrypoint?: string[] }
  rootfs: { diff_ids: string[] }
  history?: object[]
}

interface Manifest {
  config: Descriptor
  layers: Descriptor[]
}

/**
 * Changes an image of a registry and gives the result a name there, without reading what the image has: some kB are sent. The
 * same change of the same image has the same digest; no change has that of the image.
 * @param from `host/repository@sha256:…`: an image manifest
 * @param to `host/repository:tag` at the same host
 */
export async function deriveImage(
  store: RegistryStore,
  from: string,
  to: string,
  change: ImageChange = {},
): Promise<string> {
  const source = from.slice(0, from.indexOf('@'))
  const repository = to.slice(0, to.lastIndexOf(':'))
  const original = await store.read(from)
  const manifest: Manifest = JSON.parse(Buffer.from(original.bytes).toString())
  const config: Config = JSON.parse(await textOf(store, source, manifest.config))
  for (const blob of [manifest.config, ...manifest.layers])
    await store.write(repository, blob, (offset) => store.open(source, blob, { start: offset, end: blob.size }), {
      mountFrom: [source],
    })
  const push = async (mediaType: string, bytes: Uint8Array): Promise<Descriptor> => {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length }
    await store.write(repository, descriptor, async (offset) => one(bytes.subarray(offset)))
    return descriptor
  }

  const { files = {}, labels, entrypoint, falseDiffId } = change
  const layers = [...manifest.layers]
  if (Object.keys(files).length > 0) {
    const { bytes, diffId } = layerOf(files)
    layers.push(await push('application/vnd.oci.image.layer.v1.tar+gzip', bytes))
    config.rootfs.diff_ids.push(diffId)
    config.history?.push({ created: '1970-01-01T00:00:00Z', created_by: 'the lab' })
  }
  if (falseDiffId) config.rootfs.diff_ids.splice(-1, 1, digestOf(Buffer.from('another tar')))
  const { config: run } = config
  config.config = {
    ...run,
    ...(labels ? { Labels: { ...run?.Labels, ...labels } } : {}),
    ...(entrypoint ? { Entrypoint: [...entrypoint] } : {}),
  }
  const derived =
    Object.keys(change).length === 0
      ? await push(original.descriptor.mediaType, original.bytes)
      : await push(
          original.descriptor.mediaType,
          toJson({ ...manifest, config: await push(mediaTypes.config, toJson(config)), layers }),
        )
  await store.tag(to, derived)
  return derived.digest
}

async function textOf(store: RegistryStore, repository: string, descriptor: Descriptor): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await store.open(repository, descriptor)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}
