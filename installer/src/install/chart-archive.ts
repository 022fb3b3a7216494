import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { Parser } from 'tar'

const unpackedLimit = 64 * 1024 * 1024
const entryLimit = 5000

/**
 * Checks a chart archive before Helm reads it: files and directories only, below one directory, no way out of it, and no
 * more unpacked than 64 MiB.
 * @throws SealiftError BUNDLE_CHART
 */
export async function checkChartArchive(file: string): Promise<void> {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('BUNDLE_CHART', 'the chart in the bundle is not one that may be opened', { why, cause })
  let problem: string | undefined
  let entries = 0
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      if (++entries > entryLimit) problem ??= `it has more than ${entryLimit} entries`
      if (entry.type !== 'File' && entry.type !== 'OldFile' && entry.type !== 'Directory')
        problem ??= `it holds a ${entry.type}`
      const parts = entry.path.split('/')
      if (
        parts.length < 2 ||
        parts.some((part) => part === '..' || part === '.') ||
        /^[/\\]|[\\\x00-\x1f]/.test(entry.path)
      )
        problem ??= 'it has a name that leads elsewhere'
      entry.resume()
    },
  })
  let size = 0
  const cap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > unpackedLimit) problem ??= `it unpacks to more than ${unpackedLimit} bytes`
      done(problem === undefined ? null : new Error(problem), chunk)
    },
  })
  try {
    await pipeline(createReadStream(file), createGunzip(), cap, async (source) => {
      for await (const chunk of source) parser.write(chunk as Buffer)
      parser.end()
    })
  } catch (cause) {
    throw bad(problem ?? 'it is not a tar archive compressed with gzip', cause)
  }
  if (problem !== undefined) throw bad(problem)
  if (entries === 0) throw bad('it is empty')
}
