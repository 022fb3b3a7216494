import { join } from 'node:path'
import { cacheDirectory } from './cache.ts'
import { runCommand } from './command.ts'

/** Buildah with a storage of our own, and without user namespaces or a runtime: a root shell in a container is enough. */
async function buildah(args: readonly string[], signal?: AbortSignal): Promise<string> {
  const directory = join(cacheDirectory(), 'buildah')
  return await runCommand(
    'buildah',
    ['--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--storage-driver', 'overlay', ...args],
    { env: { BUILDAH_ISOLATION: 'chroot' }, signal },
  )
}

export interface ImageBuild {
  /** name in the local storage, with a tag */
  tag: string
  dockerfile: string
  context: string
  /** build arguments; BASE names an image of the local storage */
  args: Readonly<Record<string, string>>
}

/** Builds an image of one layer on its base, with every time stamp zero. */
export async function buildImage({ tag, dockerfile, context, args }: ImageBuild, signal?: AbortSignal): Promise<void> {
  const flags = ['--timestamp', '0', '--identity-label=false', '--pull=never', '--file', dockerfile, '--tag', tag]
  const given = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  await buildah(['bud', ...flags, ...given, context], signal)
}

/** Copies an image of the local storage into an OCI image layout, where it is found as `name`. */
export async function exportImage(tag: string, layout: string, name: string, signal?: AbortSignal): Promise<void> {
  await buildah(['push', '--format', 'oci', tag, `oci:${layout}:${name}`], signal)
}

/** Lends the root file system of an image, mounted, for reading. */
export async function withRoot<T>(tag: string, work: (root: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
  const container = `sealift-root-${tag.replace(/\W+/g, '-')}`
  // one that a killed run has left
  await buildah(['rm', container], signal).catch(() => {})
  await buildah(['from', '--pull=never', '--name', container, tag], signal)
  try {
    return await work((await buildah(['mount', container], signal)).trim())
  } finally {
    // takes the mount away, too
    await buildah(['rm', container])
  }
}

/** Every `name:tag` of the local storage. */
export async function imageTags(signal?: AbortSignal): Promise<Set<string>> {
  return new Set((await buildah(['images', '--format', '{{.Name}}:{{.Tag}}'], signal)).split('\n'))
}

/** Removes the image's older builds; those that another image still stands on stay until that one goes. */
export async function removeOlder(tag: string, signal?: AbortSignal): Promise<void> {
  const repository = tag.slice(0, tag.lastIndexOf(':') + 1)
  for (const old of await imageTags(signal))
    if (old.startsWith(repository) && old !== tag) await buildah(['rmi', old], signal).catch(() => {})
}
