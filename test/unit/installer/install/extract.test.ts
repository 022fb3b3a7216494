import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { digestOf, verified } from '@sealift/bundle-spec/verify.ts'
import { Header } from 'tar'
import { checkChartArchive } from '../../../../installer/src/install/chart-archive.ts'
import { extract } from '../../../../installer/src/install/extract.ts'
import type { Content } from '../../../../installer/src/stores/bundle/take-out.ts'

function scratch(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'extract-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

function content(text: string, delivered = text): Content & { reads: number } {
  const descriptor = { mediaType: 'a/b', digest: digestOf(Buffer.from(text)), size: text.length }
  const made = {
    descriptor,
    reads: 0,
    bytes: async () => {
      made.reads++
      return verified(
        descriptor,
        (async function* () {
          yield Buffer.from(delivered)
        })(),
        'test',
      )
    },
  }
  return made
}

test('a file is taken out once, executable, and taken out again when someone changed it', async (t) => {
  const dir = scratch(t)
  const helm = content('#!/bin/sh\n')
  const file = await extract(helm, dir, 'helm', 0o755)
  assert.equal(statSync(file).mode & 0o777, 0o755)
  await extract(helm, dir, 'helm', 0o755)
  assert.equal(helm.reads, 1)
  writeFileSync(file, 'evil')
  await extract(helm, dir, 'helm', 0o755)
  assert.deepEqual([helm.reads, readFileSync(file, 'utf8')], [2, '#!/bin/sh\n'])
})

test('content that does not match its digest never appears under its name', async (t) => {
  const dir = scratch(t)
  await assert.rejects(extract(content('good', 'evil'), dir, 'helm', 0o755), { code: 'BUNDLE_CONTENT' })
  const [digest] = readdirSync(dir)
  assert.ok(!existsSync(path.join(dir, digest as string, 'helm')))
})

function archive(t: TestContext, entries: { path: string; type?: string; linkpath?: string; size?: number }[]): string {
  const file = path.join(scratch(t), 'chart.tgz')
  const blocks = entries.flatMap(({ path: name, type = 'File', linkpath, size = 0 }) => {
    const header = new Header({
      path: name,
      type: type as 'File',
      size,
      mode: 0o644,
      ...(linkpath ? { linkpath } : {}),
    })
    header.encode()
    return [header.block as Buffer, Buffer.alloc(Math.ceil(size / 512) * 512)]
  })
  writeFileSync(file, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])))
  return file
}

test('a chart of plain files is accepted', async (t) => {
  await checkChartArchive(
    archive(t, [
      { path: 'cde/Chart.yaml', size: 10 },
      { path: 'cde/templates/a.yaml', size: 600 },
    ]),
  )
})

const hostile: [string, { path: string; type?: string; linkpath?: string; size?: number }[]][] = [
  ['a way out', [{ path: 'cde/../../etc/passwd' }]],
  ['an absolute name', [{ path: '/etc/passwd' }]],
  ['a symbolic link', [{ path: 'cde/link', type: 'SymbolicLink', linkpath: '/etc' }]],
  ['a hard link', [{ path: 'cde/link', type: 'Link', linkpath: 'cde/Chart.yaml' }]],
  ['a device', [{ path: 'cde/dev', type: 'CharacterDevice' }]],
  ['a file beside its directory', [{ path: 'Chart.yaml' }]],
  ['a bomb', [{ path: 'cde/zeros', size: 65 * 1024 * 1024 }]],
  ['nothing', []],
]
for (const [what, entries] of hostile)
  test(`a chart archive with ${what} is refused`, async (t) => {
    await assert.rejects(checkChartArchive(archive(t, entries)), { code: 'BUNDLE_CHART' })
  })

test('a chart archive that is no archive is refused', async (t) => {
  const file = path.join(scratch(t), 'chart.tgz')
  writeFileSync(file, 'not gzip')
  await assert.rejects(checkChartArchive(file), { code: 'BUNDLE_CHART' })
})
