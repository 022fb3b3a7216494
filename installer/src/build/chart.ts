import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { record } from '@sealift/bundle-spec/tar.ts'
import { Header, type HeaderData } from 'tar/header'
import { whyUnreadable } from '../input/regular-file.ts'
import { readSmallFile } from '../input/small-file.ts'
import { readChartArchive } from '../stores/chart/archive.ts'
import { readChartFile } from './chart-file.ts'

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
 * Packs a chart directory as `helm package` does, but without times and owners, so that it can be reproduced. What comes of
 * it is read as a site reads it.
 * @throws SealiftError BUILD_CHART
 */
export async function packChart(directory: string): Promise<Chart> {
  const refused = (why: string, cause?: unknown) =>
    new SealiftError('BUILD_CHART', `${directory} is not a chart that can be packed`, {
      why,
      fix: `helm lint ${directory}`,
      cause,
    })
  const bad = (why: string, cause?: unknown) => refused(`it ${why}`, cause)
  const paths = await filesOf(directory, bad)
  // links were refused with the rest: what is read is a file of the chart
  const description = join(directory, 'Chart.yaml')
  if (!paths.has(description)) throw bad(missing(directory, [...paths]))
  const { metadata, name, version } = readChartFile(description, refused)
  const parts: Buffer[] = []
  for (const path of paths) {
    const content = readSmallFile(path, limits.chartFile, (why, cause) => refused(`${path}: ${why}`, cause))
    parts.push(
      header(join(name, relative(directory, path)), content.length, bad),
      content,
      Buffer.alloc((record - (content.length % record)) % record),
    )
  }
  parts.push(Buffer.alloc(2 * record))
  const archive = gzipSync(Buffer.concat(parts), { level: 9 })
  await readChartArchive(archive, bad)
  return { name, version, metadata, archive }
}

function missing(directory: string, paths: readonly string[]): string {
  const [below] = paths.filter((path) => basename(path) === 'Chart.yaml')
  return below === undefined
    ? 'has no Chart.yaml'
    : `has no Chart.yaml of its own; there is one in ${relative(directory, dirname(below))}`
}

/** The header of a regular file, mode 0644, without owner and time; a long name is cut into prefix and name. */
function header(path: string, size: number, bad: (why: string) => SealiftError): Buffer {
  const block = Buffer.alloc(record)
  const fields = { path, size, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'File', uname: '', gname: '' }
  if (new Header(fields as HeaderData).encode(block, 0)) throw bad(`has a file whose name is too long, ${path}`)
  return block
}

/** Regular files below a directory, sorted by path; links and devices are refused, they could name what is outside. */
async function filesOf(directory: string, bad: (why: string, cause?: unknown) => SealiftError): Promise<Set<string>> {
  const found = new Set<string>()
  let size = 0
  const walk = async (at: string): Promise<void> => {
    for (const path of (await readdir(at)).sort().map((name) => join(at, name))) {
      const info = await lstat(path)
      if (info.isDirectory()) await walk(path)
      else if (!info.isFile()) throw bad(`holds ${path}, which is neither a file nor a directory`)
      else {
        found.add(path)
        size += info.size
      }
      if (size > chartLimit) throw bad(`is larger than ${chartLimit} bytes`)
      if (found.size > limits.chartEntries) throw bad(`has more than ${limits.chartEntries} files`)
    }
  }
  await walk(directory).catch((cause) => {
    if (cause instanceof SealiftError) throw cause
    const isFile = (cause as NodeJS.ErrnoException).code === 'ENOTDIR'
    throw bad(
      isFile ? 'is not a directory; unpack a chart archive first' : `cannot be read: ${whyUnreadable(cause)}`,
      cause,
    )
  })
  return found
}
