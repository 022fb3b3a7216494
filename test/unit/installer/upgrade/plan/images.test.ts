import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '../../../../../installer/src/stores/memory.ts'
import { bytesTogether } from '../../../../../installer/src/upgrade/plan/images.ts'
import { putImage } from '../../../../fixtures/release.ts'

test('a layer that images share is pulled once', async () => {
  const store = memoryStore('a registry')
  const [manager, workspace] = ['registry.example/cde/manager:1', 'registry.example/cde/workspace:1']
  const shared = 'x'.repeat(10_000)
  await putImage(store, manager, [shared, 'manager'])
  await putImage(store, workspace, [shared, 'workspace'])
  const bundle = { store } as unknown as Parameters<typeof bytesTogether>[0]['bundle']
  const bytes = (...references: string[]) =>
    bytesTogether(
      { bundle, signal: AbortSignal.timeout(10_000) },
      references.map((reference) => ({ reference })),
    )
  const [one, other] = [await bytes(manager), await bytes(workspace)]
  assert.ok(one > 10_000 && other > 10_000)
  assert.equal(await bytes(manager, workspace), one + other - shared.length)
  assert.equal(await bytes(), 0)
})
