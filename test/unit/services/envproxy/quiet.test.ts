import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { watchQuiet } from '../../../../services/envproxy/quiet.ts'

test('two sockets are quiet once nothing moved through either for the whole time, and are told about once', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const [a, b] = [moving(), moving()]
  let quiet = 0
  watchQuiet([a, b] as unknown as [Socket, Socket], 1000, () => quiet++)
  for (let i = 0; i < 30; i++) {
    if (i % 2 === 0) b.bytesRead += 1
    else a.writableLength += 1
    t.mock.timers.tick(900)
  }
  assert.equal(quiet, 0)
  t.mock.timers.tick(99)
  assert.equal(quiet, 0)
  t.mock.timers.tick(200)
  assert.equal(quiet, 1)
  t.mock.timers.tick(10_000)
  assert.equal(quiet, 1)
})

test('a watch that was ended says nothing', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let quiet = 0
  const end = watchQuiet([moving(), moving()] as unknown as [Socket, Socket], 1000, () => quiet++)
  end()
  t.mock.timers.tick(10_000)
  assert.equal(quiet, 0)
})

const moving = () => ({ bytesRead: 0, writableLength: 0 })
