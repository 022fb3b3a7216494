import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { digestOf, verified } from '@sealift/bundle-spec/verify.ts'
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
