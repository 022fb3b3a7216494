import { type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import type { Registry } from '../images/push.ts'
import { type Call, registryCalls } from './registry-call.ts'

const title = 'org.opencontainers.image.title'

export interface Attachment {
  /** file name of the document; one of the same name and type that was attached before is replaced */
  name: string
  type: string
  bytes: Uint8Array
}

/**
 * Attaches a document to an image at a registry: an artifact whose `subject` is the image (image-spec, manifest.md,
 * "Guidelines for Artifact Usage"), and, at a registry that does not list those itself, its line in the list under the tag
 * that stands for that (distribution-spec, "Pushing Manifests with Subject").
 * @returns the digest of the artifact, and whether it was there already
 * @throws SealiftError BUILD_REGISTRY
 */
export async function attach(
  registry: Registry,
  repository: string,
  subject: Descriptor,
  { name, type, bytes }: Attachment,
  signal?: AbortSignal,
): Promise<{ digest: string; there: boolean }> {
  const call = await registryCalls(registry, repository, signal)
  const at = (path: string) => `/v2/${repository}/${path}`
  const config = { bytes: toJson({}), type: mediaTypes.empty }
  const layer = { bytes, type }
  const manifest = toJson({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: type,
    config: described(config),
    layers: [{ ...described(layer), annotations: { [title]: name } }],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations: { [title]: name },
  })
  const digest = digestOf(manifest)
  const known = {
    method: 'HEAD',
    to: at(`manifests/${digest}`),
    accept: mediaTypes.manifest,
    expect: [200, 404],
  } as const
  const there = (await call(known)).status === 200

  if (!there) for (const blob of [config, layer]) await pushBlob(call, at, blob.bytes)
  // sent again where it is there: the answer says whether the registry lists it
  const { headers } = await call({
    method: 'PUT',
    to: at(`manifests/${digest}`),
    body: manifest,
    type: mediaTypes.manifest,
    expect: [201],
  })
  if (headers['oci-subject'] === undefined) {
    const entry = {
      ...described({ bytes: manifest, type: mediaTypes.manifest }),
      artifactType: type,
      annotations: { [title]: name },
    }
    await listUnderTag(call, at(`manifests/${subject.digest.replace(':', '-')}`), entry)
  }
  return { digest, there }
}

type Calls = Awaited<ReturnType<typeof registryCalls>>

async function pushBlob(call: Calls, at: (path: string) => string, bytes: Uint8Array): Promise<void> {
  const digest = digestOf(bytes)
  if ((await call({ method: 'HEAD', to: at(`blobs/${digest}`), expect: [200, 404] })).status === 200) return
  const { headers } = await call({ method: 'POST', to: at('blobs/uploads/'), expect: [202] })
  const location = headers.location ?? ''
  const to = `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`
  await call({ method: 'PUT', to, body: bytes, type: 'application/octet-stream', expect: [201] })
}

/** What others have attached stays in the list. */
async function listUnderTag(call: Calls, to: string, entry: Descriptor): Promise<void> {
  const answer = await call({ method: 'GET', to, accept: mediaTypes.index, expect: [200, 404] })
  const listed: Descriptor[] = answer.status === 200 ? JSON.parse(answer.body.toString()).manifests : []
  const others = listed.filter(
    ({ artifactType, annotations }) =>
      artifactType !== entry.artifactType || annotations?.[title] !== entry.annotations?.[title],
  )
  const body = toJson({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...others, entry] })
  if (answer.status === 200 && answer.body.equals(body)) return
  await call({ method: 'PUT', to, body, type: mediaTypes.index, expect: [201] } satisfies Call)
}

const described = ({ bytes, type }: { bytes: Uint8Array; type: string }): Descriptor => ({
  mediaType: type,
  digest: digestOf(bytes),
  size: bytes.length,
})
