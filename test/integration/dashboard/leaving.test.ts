import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { answersFarewell } from '../farewell.ts'
import { startService } from '../service-process.ts'

test('a dashboard that leaves answers until the cluster has heard of it', async (t) => {
  const service = await startService(t, fileURLToPath(import.meta.resolve('../../../services/dashboard/server.ts')))
  const ended = once(service.child, 'exit')
  service.child.kill('SIGTERM')
  await answersFarewell(`${service.url}/nowhere`, 404)
  assert.deepEqual(await ended, [0, null])
})
