import { lstat, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { headerOf, record } from '@sealift/bundle-spec/tar.ts'
import { parse } from 'yaml'

export interface Chart {
  name: string
  version: string
  /** Chart.yaml as JSON: what Helm keeps as an OCI artifact's config */
  metadata: Record<string, unknown>
  /** tar+gzip, the same bytes for the same files */
  archive: Uint8Array
}

/** bytes of all files of a chart together */
const chartLimit = 16 * 1024 * 1024

/**
 * Packs a chart directory as `helm package` does, but without times and owners, so that it can be reproduced.
 * @throws SealiftError BUILD_CHART
 */
export async function packChart(directory: string): Promise<Chart> {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('BUILD_CHART', `${directory} is not a chart that can be packed`, {
      why,
      fix: `helm lint ${directory}`,
      cause,
    })
  const description = await readFile(join(directory, 'Chart.yaml'), 'utf8').catch((cause) => {
    throw bad('it has no Chart.yaml', cause)
  })
  const metadata = parse(description, { maxAliasCount: 0 }) as Record<string, unknown> | null
  const { name, version } = metadata ?? {}
  if (typeof name !== 'string' || typeof version !== 'string') throw bad('Chart.yaml has no name or version')
  const parts: Buffer[] = []
  let size = 0
  for (const path of await filesOf(directory, bad)) {
    const content = await readFile(path)
    size += content.length
    if (size > chartLimit) throw bad(`it is larger than ${chartLimit} bytes`)
    parts.push(
      headerOf(join(name, relative(directory, path)), content.length),
      content,
      Buffer.alloc((record - (content.length % record)) % record),
    )
  }
  parts.push(Buffer.alloc(2 * record))
  return {
    name,
    version,
    metadata: metadata as Record<string, unknown>,
    archive: gzipSync(Buffer.concat(parts), { level: 9 }),
  }
}

/** Regular files below a directory, sorted by path; links and devices are refused, they could name what is outside. */
async function filesOf(directory: string, bad: (why: string) => SealiftError): Promise<string[]> {
  const found: string[] = []
  const names = (await readdir(directory)).sort()
  for (const path of names.map((name) => join(directory, name))) {
    const info = await lstat(path)
    if (info.isDirectory()) found.push(...(await filesOf(path, bad)))
    else if (info.isFile()) found.push(path)
    else throw bad(`${path} is neither a file nor a directory`)
    if (found.length > limits.tarEntries) throw bad('it has too many files')
  }
  return found
}
