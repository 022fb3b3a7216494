import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrationsFileOf } from '@sealift/bundle-spec/migrations.ts'
import { type FileOptions, fileArtifacts } from '../../../../installer/src/build/files.ts'
import { fileStore } from '../../../../installer/src/stores/files.ts'
import { memoryStore } from '../../../../installer/src/stores/memory.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

test('the list of migrations is read when a release is built, not first at a site', async (t) => {
  const path = join(await temporaryDirectory(t), 'migrations.json')
  const build = () =>
    fileArtifacts([{ name: 'migrations' }], {
      made: memoryStore(),
      local: fileStore(),
      downloads: undefined as unknown as FileOptions['downloads'],
      given: { migrations: path },
      repository: 'registry.example/cde/files',
      tag: '1.0.0',
    })
  await writeFile(path, migrationsFileOf([]))
  assert.equal((await build())[0]?.artifact.name, 'migrations')
  await writeFile(path, '{"kind": "Release"}')
  await assert.rejects(build(), { code: 'BUNDLE_MIGRATIONS' })
})
