import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyGraph } from '@sealift/bundle-spec/copy.ts'
import { type Descriptor, isDocument, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { type Graph, readGraph } from '@sealift/bundle-spec/graph.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { registryStore } from '../../installer/src/stores/registry/store.ts'
import { cacheDirectory } from '../../manifests/images/cache.ts'
import { hashInputs } from '../lab/cache.ts'
import type { Credential } from '../lab/certificates.ts'
import { demoFiles } from '../lab/demo-files.ts'
import { type Registry, startRegistry } from '../lab/registry.ts'
import { type CorpusPlan, plans } from './corpus-plan.ts'
import { describeLayer, layerBytes } from './layer.ts'

export type Size = keyof typeof plans | 'demo'

export interface CorpusImage {
  name: string
  /** path at the registry, without host */
  repository: string
  tag: string
  digest: string
}

/** Images in a registry. */
export interface Corpus {
  images: CorpusImage[]
  /** configs and layers, largest first, with one repository that holds each */
  blobs: { digest: string; size: number; repository: string }[]
  /** bytes of everything, each once, and as if nothing were shared */
  content: number
  unshared: number
}

const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'

/** The corpus of a size in a running docker-registry, from the cache, or made there first. */
export async function openCorpus(
  size: Size,
  authority: Credential,
  log: (line: string) => void,
): Promise<{ corpus: Corpus; registry: Registry; directory: string }> {
  const demo = demoFiles(join(cacheDirectory(), 'demo'))
  if (size === 'demo' && !existsSync(demo.sealed)) throw new Error('--size demo measures the demo: npm run demo, first')
  const plan = size === 'demo' ? await readFile(demo.trust) : JSON.stringify(plans[size])
  const sealed = size === 'demo' ? hashInputs([String((await import('node:fs')).statSync(demo.sealed).mtimeMs)]) : ''
  const directory = join(cacheDirectory(), 'bench', `corpus-${size}-${hashInputs([plan, sealed])}`)
  const registry = await startRegistry({ directory, tls: true, authority })
  try {
    const record = join(directory, 'corpus.json')
    if (!existsSync(record)) {
      log(`making the corpus ${size} in ${directory}`)
      const fill = size === 'demo' ? copyDemo : (host: string, ca: string) => make(plans[size], host, ca, log)
      const corpus = await fill(registry.host, await readFile(authority.certificateFile, 'utf8'))
      await writeFile(`${record}.partial`, JSON.stringify(corpus, null, 1))
      await rename(`${record}.partial`, record)
    }
    return { corpus: JSON.parse(await readFile(record, 'utf8')) as Corpus, registry, directory }
  } catch (error) {
    await registry.stop()
    throw error
  }
}

const storeAt = (host: string, caPem: string) =>
  registryStore({ registries: { [host]: { caPem } }, dockerConfig: false, proxy: {} })

async function make(plan: CorpusPlan, host: string, caPem: string, log: (line: string) => void): Promise<Corpus> {
  const to = storeAt(host, caPem)
  const layers = new Map<string, Descriptor & { diffId: string }>()
  const roots = []
  for (const [name, megabytes] of Object.entries(plan.layers)) {
    log(`  layer ${name}, ${megabytes} MB`)
    layers.set(name, { mediaType: layerType, ...(await describeLayer(name, megabytes * 1_000_000)) })
  }
  for (const [name, names] of Object.entries(plan.images)) {
    const repository = `${host}/bench/${name}`
    const own = names.map((layer) => layers.get(layer) as Descriptor & { diffId: string })
    for (const [i, { diffId: _, ...descriptor }] of own.entries())
      await to.write(repository, descriptor, async (offset) => {
        if (offset > 0) throw new Error('a made layer is read from its start')
        const layer = names[i] as keyof typeof plan.layers
        return layerBytes(layer, (plan.layers[layer] as number) * 1_000_000)
      })
    const diff_ids = own.map(({ diffId }) => diffId)
    const config = toJson({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids } })
    const configDescriptor = descriptorOf(mediaTypes.config, config)
    await to.write(repository, configDescriptor, async () => one(config))
    const manifest = toJson({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: configDescriptor,
      layers: own.map(({ diffId: _, ...descriptor }) => descriptor),
    })
    const descriptor = descriptorOf(mediaTypes.manifest, manifest)
    await to.write(repository, descriptor, async () => one(manifest))
    await to.tag(`${repository}:1`, descriptor)
    roots.push({ descriptor, source: `${repository}:1`, target: `${repository}:1` })
  }
  const graph = await readGraph(to, roots)
  await to.close()
  return describe(graph, host)
}

/** The images of the demo, out of its bundle. */
async function copyDemo(host: string, caPem: string): Promise<Corpus> {
  const files = demoFiles(join(cacheDirectory(), 'demo'))
  const bundle = await openBundle(files.sealed, [await readFile(files.trust, 'utf8')])
  const to = storeAt(host, caPem)
  const roots = bundle.artifacts
    .filter(({ role }) => role === 'image')
    .map(({ descriptor, reference }) => ({ descriptor, source: reference, target: reference.replace(/^[^/]+/, host) }))
  const graph = await readGraph(bundle.store, roots)
  await copyGraph(bundle.store, to, graph)
  await Promise.all([to.close(), bundle.close()])
  return describe(graph, host)
}

function describe(graph: Graph, host: string): Corpus {
  const path = (repository: string) => repository.slice(host.length + 1)
  const blobs = graph.nodes.filter(({ descriptor }) => !isDocument(descriptor.mediaType))
  return {
    images: graph.roots.map(({ target, descriptor: { digest } }) => {
      const colon = target.lastIndexOf(':')
      const repository = path(target.slice(0, colon))
      return { name: repository.replaceAll('/', '-'), repository, tag: target.slice(colon + 1), digest }
    }),
    blobs: blobs
      .map(({ descriptor: { digest, size }, targets }) => ({ digest, size, repository: path(targets[0] as string) }))
      .sort((a, b) => b.size - a.size),
    content: graph.size,
    unshared: graph.nodes.reduce((sum, { descriptor, targets }) => sum + descriptor.size * targets.length, 0),
  }
}

function descriptorOf(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}
