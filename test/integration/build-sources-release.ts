import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { copyGraph } from '@sealift/bundle-spec/copy.ts'
import { type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { readGraph } from '@sealift/bundle-spec/graph.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import type { ContentSink, ContentStore } from '@sealift/bundle-spec/store.ts'
import type { BuildOptions } from '../../installer/src/build/build.ts'
import type { MemoryStore } from '../../installer/src/stores/memory.ts'
import { type RegistryStoreOptions, registryStore } from '../../installer/src/stores/registry/store.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { claims, licenseKeys, signingKeys } from '../fixtures/release.ts'
import { type Registry, type RegistryOptions, startRegistry } from '../lab/registry.ts'

const layerType = 'application/vnd.oci.image.layer.v1.tar'

/** An image for one platform in memory. */
export function putPlatform(store: MemoryStore, platform: string, layers: readonly string[]): Descriptor {
  const [os, architecture, variant] = platform.split('/')
  const descriptors = layers.map((text) => store.put(Buffer.from(text), layerType))
  const config = store.put(
    toJson({
      os,
      architecture,
      ...(variant ? { variant } : {}),
      config: {},
      rootfs: { type: 'layers', diff_ids: descriptors.map(({ digest }) => digest) },
    }),
    mediaTypes.config,
  )
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: descriptors }
  return store.put(toJson(manifest), mediaTypes.manifest)
}

/** An index in memory as BuildKit makes it: an image for each platform, and an attestation beside each. */
export function putIndex(store: MemoryStore, name: string, platforms: readonly string[]) {
  const children = platforms.map((platform) =>
    putPlatform(store, platform, [`base ${platform}`, `${name} ${platform}`]),
  )
  const manifests = children.flatMap((child, i) => {
    const [os, architecture, variant] = (platforms[i] as string).split('/')
    const attestation = putPlatform(store, 'unknown/unknown', [`provenance of ${child.digest}`])
    return [
      { ...child, platform: { architecture, os, ...(variant ? { variant } : {}) } },
      {
        ...attestation,
        annotations: {
          'vnd.docker.reference.digest': child.digest,
          'vnd.docker.reference.type': 'attestation-manifest',
        },
        platform: { architecture: 'unknown', os: 'unknown' },
      },
    ]
  })
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests, annotations: { vendor: 'its own order' } }
  return { index: store.put(toJson(index), mediaTypes.index), children }
}

/** A manifest about another one, as cosign v3 and oras attach it. */
export function putReferrer(store: MemoryStore, subject: Descriptor, artifactType: string, text: string): Descriptor {
  const layer = store.put(Buffer.from(text), 'text/plain')
  const config = store.put(toJson({}), mediaTypes.empty)
  const { mediaType, digest, size } = subject
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType,
    config,
    layers: [layer],
    subject: { mediaType, digest, size },
    annotations: { said: text },
  }
  return store.put(toJson(document), mediaTypes.manifest)
}

/** Copies what a descriptor reaches to a place, under a name. */
export async function push(from: ContentStore, to: ContentSink, descriptor: Descriptor, name: string): Promise<void> {
  await copyGraph(from, to, await readGraph(from, [{ descriptor, source: 'memory/x:1', target: name }]))
}

/** A real registry of the test's own, and our client for it. */
export async function realRegistry(t: TestContext, options: Partial<RegistryOptions> = {}) {
  const directory = await temporaryDirectory(t)
  const registry = await startRegistry({ directory, tls: false, ...options })
  t.after(() => registry.stop())
  return { registry, store: await clientOf(t, registry) }
}

export async function clientOf(t: TestContext, registry: Registry, options: RegistryStoreOptions = {}) {
  const reach = registry.caFile ? { caPem: await readFile(registry.caFile, 'utf8') } : { plainHttp: true }
  const store = registryStore({ registries: { [registry.host]: reach }, dockerConfig: false, proxy: {}, ...options })
  t.after(() => store.close())
  return store
}

/** A release whose chart uses the images given, as lines of YAML flow mappings. */
export async function releaseOf(
  directory: string,
  registry: ContentStore,
  images: readonly string[],
  more: { platforms?: string; files?: readonly string[]; rendered?: readonly string[] } = {},
): Promise<{ options: BuildOptions; trust: string[]; license: { key: string; publicKey: string } }> {
  const chart = join(directory, 'chart')
  await mkdir(join(chart, 'templates'), { recursive: true })
  await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: cde\nversion: 0.1.0\n')
  await writeFile(join(chart, 'templates', 'pod.yaml'), 'kind: Pod\n')
  const source = join(directory, 'release.yaml')
  await writeFile(
    source,
    `apiVersion: sealift.dev/v1
kind: ReleaseSource
name: cde
version: 0.1.0
created: 2026-01-01T00:00:00Z
platforms: [${more.platforms ?? 'linux/amd64'}]
minimumKubernetes: "1.30"
chart: {path: chart, reference: vendor.example/cde/charts/cde}
images:
${images.map((image) => `  - ${image}\n`).join('')}files:${more.files ? `\n${more.files.map((file) => `  - ${file}\n`).join('')}` : ' []\n'}valuesSets:
  - {name: default, values: {}}
`,
  )
  const rendered =
    more.rendered ?? images.map((image) => /reference: "?([^",}]+)/.exec(image)?.[1] as string).filter(Boolean)
  const containers = rendered.map((image, i) => `{name: c${i}, image: "${image}"}`).join(', ')
  const signing = signingKeys()
  const licenses = licenseKeys()
  return {
    options: {
      source,
      out: join(directory, 'cde.bundle'),
      registry,
      signingKey: signing.privateKey,
      license: await issueLicense(claims(), licenses.privateKey),
      licenseKeys: [licenses.publicKey],
      render: async () => `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [${containers}]}\n`,
    },
    trust: [signing.publicKey],
    license: { key: licenses.privateKey, publicKey: licenses.publicKey },
  }
}
