import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { untilReached } from '../../../../services/ingress/reach.ts'
import { freePorts } from '../../../integration/ingress/site.ts'

test('a controller waits until one pod of each service takes its connections', async (t) => {
  const [closed = 0, later = 0] = await freePorts(2)
  const open = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  t.after(() => open.close())
  await once(open, 'listening')
  const { port } = open.address() as AddressInfo
  const upstreams = [
    { name: 'one-of-two', endpoints: [`127.0.0.1:${closed}`, `127.0.0.1:${port}`] },
    { name: 'empty', endpoints: [] },
    { name: 'late', endpoints: [`127.0.0.1:${later}`] },
  ]
  let reached: string[] | undefined
  const waiting = untilReached(upstreams, 30_000).then((missed) => {
    reached = missed
  })
  assert.deepEqual(await untilReached(upstreams, 300), ['late'])
  assert.equal(reached, undefined)
  const late = createServer((socket) => socket.destroy()).listen(later, '127.0.0.1')
  t.after(() => late.close())
  await waiting
  assert.deepEqual(reached, [])
})
