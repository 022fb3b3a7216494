import { readFile } from 'node:fs/promises'
import { Agent, request } from 'undici'
import type { Bench } from './bench.ts'

/** Whether a registry has each image of the corpus under its repository and tag, with its digest. */
export async function namesKept({ corpus, authority }: Bench, host: string): Promise<boolean> {
  const dispatcher = new Agent({ connect: { ca: await readFile(authority.certificateFile) } })
  try {
    for (const { repository, tag, digest } of corpus.images) {
      const { headers, body } = await request(`https://${host}/v2/${repository}/manifests/${tag}`, {
        method: 'HEAD',
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json' },
        dispatcher,
      })
      await body.dump()
      if (headers['docker-content-digest'] !== digest) return false
    }
    return true
  } finally {
    await dispatcher.close()
  }
}
