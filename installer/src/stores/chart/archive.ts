import { limits } from '@sealift/bundle-spec/limits.ts'
import { asText } from '../../input/small-file.ts'
import { parseChartYaml } from '../../input/yaml.ts'
import { gunzipOne } from './gzip.ts'
import { assertWholeSchema } from './schema.ts'
import { readTar, TarFault } from './tar.ts'

/** A chart as Helm sees it: contents by path below its top directory, which has the chart's own name. */
export interface ChartArchive {
  name: string
  files: ReadonlyMap<string, Buffer>
}

/** charts within charts within charts */
const deepest = 8

/**
 * Reads a chart archive (tar+gzip) without writing anything, and refuses what Helm or another reader could see otherwise, or
 * could be hurt by. Archives in `charts/` are read the same way and count into the same limits.
 * @throws what `bad` makes of the reason, which follows "it "
 */
export async function readChartArchive(
  archive: Buffer,
  bad: (why: string, cause?: unknown) => Error,
): Promise<ChartArchive> {
  try {
    return await read(archive, { bytes: limits.chartUnpacked, entries: limits.chartEntries }, 0)
  } catch (cause) {
    throw cause instanceof TarFault ? bad(cause.message, cause) : cause
  }
}

async function read(archive: Buffer, left: { bytes: number; entries: number }, depth: number): Promise<ChartArchive> {
  assertGzip(archive)
  const unpacked = await gunzipOne(archive, left.bytes)
  left.bytes -= unpacked.length
  const found = readTar(unpacked, left.entries)
  left.entries -= found.length
  const files = new Map<string, Buffer>()
  const top = found[0]?.name.split('/', 1)[0]
  if (top === undefined) throw new TarFault('is empty')
  for (const { name, content } of found) {
    if (!name.startsWith(`${top}/`)) throw new TarFault('has more than one directory at its top')
    if (content.length > limits.chartFile)
      throw new TarFault(`has a file of more than ${limits.chartFile} bytes, ${name}`)
    files.set(name.slice(top.length + 1), content)
  }
  const description = files.get('Chart.yaml')
  if (!description) throw new TarFault(`has no Chart.yaml in its directory ${top}`)
  const name = nameIn(description)
  if (name !== top) throw new TarFault(`has the directory ${top}, but its Chart.yaml says ${JSON.stringify(name)}`)
  for (const [path, content] of files) {
    if (/^(?:charts\/[^/]+\/)*values\.schema\.json$/.test(path)) assertWholeSchema(content, path)
    if (!/^charts\/[^/_.][^/]*\.tgz$/.test(path)) continue
    if (depth === deepest) throw new TarFault(`has charts in charts more than ${deepest} deep`)
    await read(content, left, depth + 1).catch((cause) => {
      throw cause instanceof TarFault ? new TarFault(`has a chart, ${path}, that ${cause.message}`) : cause
    })
  }
  return { name: top, files }
}

function nameIn(description: Buffer): unknown {
  const refuse = (why: string) => new TarFault(`has a Chart.yaml that cannot be read: ${why}`)
  return (parseChartYaml(asText(description, refuse), refuse).value as { name?: unknown } | null)?.name
}

/** What people take for a chart, by its first bytes. */
const known: readonly [what: string, start: RegExp][] = [
  ['a zip archive', /^PK[\x03\x05]/],
  ['a web page', /^\s*<(?:!doctype|html)/i],
  ['a tar that is not compressed', /^.{257}ustar/s],
  ['compressed with xz', /^\xfd7zXZ/],
  ['compressed with zstd', /^\x28\xb5\x2f\xfd/],
  ['compressed with bzip2', /^BZh/],
]

function assertGzip(archive: Buffer): void {
  if (archive.length === 0) throw new TarFault('is empty')
  const start = archive.toString('latin1', 0, 512)
  const what = known.find(([, pattern]) => pattern.test(start))?.[0]
  if (what !== undefined) throw new TarFault(`is ${what}: a chart is a tar compressed with gzip`)
}
