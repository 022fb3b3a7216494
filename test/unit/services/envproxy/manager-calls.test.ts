import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createManager } from '../../../../services/envproxy/manager.ts'

/** A manager that cuts the first `cuts` requests, as one that has just left does. */
async function leavingManager(t: TestContext, cuts: number) {
  let heard = 0
  const server = createServer((request, response) => {
    heard += 1
    if (heard <= cuts) return void request.socket.destroy()
    response.setHeader('content-type', 'application/json').end('{"grant":"g"}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const manager = createManager(`http://127.0.0.1:${port}`, 'a key of more than thirty-two characters, shared')
  return { manager, heard: () => heard }
}

test('a call whose manager leaves in the middle is answered by another one', async (t) => {
  const { manager } = await leavingManager(t, 2)
  assert.deepEqual(await manager.call('GET', '/internal/access'), { status: 200, body: { grant: 'g' } })
})

test('a call that nobody answers ends', async (t) => {
  const { manager, heard } = await leavingManager(t, Number.POSITIVE_INFINITY)
  await assert.rejects(manager.call('POST', '/internal/activity', { workspaces: [] }))
  assert.equal(heard(), 4)
})
