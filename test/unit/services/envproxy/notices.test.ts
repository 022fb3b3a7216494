import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createFrames, textFrame } from '../../../../services/envproxy/frames.ts'
import { createInterjection } from '../../../../services/envproxy/interjection.ts'
import { noticeLine } from '../../../../services/envproxy/notice-line.ts'
import { createNotices, managerNotices, type Told } from '../../../../services/envproxy/notices.ts'

const frame = (first: number, length: number): Buffer => {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const head = Buffer.alloc(2 + extended)
  head.writeUInt16BE((first << 8) | (extended === 0 ? length : extended === 2 ? 126 : 127))
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, randomBytes(length)])
}
const binary = 0x82
const begin = 0x02
const more = 0x00
const last = 0x80
const ping = 0x89

test('the places between messages are found, however the bytes come', () => {
  const frames = [
    frame(binary, 0),
    frame(binary, 5),
    frame(begin, 125),
    frame(ping, 4),
    frame(more, 126),
    frame(last, 3),
    frame(binary, 65_535),
    frame(binary, 70_000),
    frame(ping, 0),
  ]
  const all = Buffer.concat(frames)
  const ends = frames.map((_, at) => Buffer.concat(frames.slice(0, at + 1)).length)
  // within the message of fragments nothing may stand
  const places = [0, ...ends.filter((_, at) => ![2, 3, 4].includes(at))]
  for (const size of [1, 2, 3, 7, 1000, 65_536, all.length]) {
    const walk = createFrames()
    for (let at = 0; at < all.length; at += size) {
      const chunk = all.subarray(at, at + size)
      const expected = places.find((place) => place >= at && place <= at + chunk.length)
      assert.equal(walk.pass(chunk, chunk.length), expected === undefined ? undefined : expected - at, `${size} ${at}`)
    }
    assert.equal(walk.between, true)
  }
})

test('what is said comes whole between two messages, and nothing else is changed', () => {
  const told = JSON.stringify({ type: 'notices', notices: ['x'.repeat(randomInt(300))] })
  for (let round = 0; round < 50; round += 1) {
    const frames = Array.from({ length: 30 }, () => frame(binary, randomInt(300)))
    const all = Buffer.concat(frames)
    const written: Buffer[] = []
    const client = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk)
        done()
      },
    })
    const interjection = createInterjection(client)
    for (let at = 0; at < all.length; ) {
      if (randomInt(8) === 0) interjection.say(told)
      const chunk = all.subarray(at, at + 1 + randomInt(200))
      const place = interjection.pass(chunk, chunk.length)
      client.write(chunk.subarray(0, place ?? 0))
      if (place !== undefined) interjection.flush()
      client.write(chunk.subarray(place ?? 0))
      at += chunk.length
    }
    let rest = Buffer.concat(written)
    for (const expected of frames) {
      while (rest.subarray(0, 2)[0] === 0x81) rest = rest.subarray(textFrame(told).length)
      assert.ok(rest.subarray(0, expected.length).equals(expected))
      rest = rest.subarray(expected.length)
    }
  }
})

const notice = {
  id: 'a',
  kind: 'upgrade',
  says: 'CDE is upgraded.',
  startsAt: '2026-01-01T12:05:00.000Z',
  endsAt: '2026-01-01T12:30:00.000Z',
}

test('who listens hears of what is current, and of each change; nobody is asked for nobody', async () => {
  let told: Told | undefined = { now: '2026-01-01T12:00:00.000Z', notices: [notice] }
  let asked = 0
  const notices = createNotices(async () => {
    asked += 1
    if (told === undefined) throw new Error('the manager is away')
    return told
  }, 5)
  const heard: string[][] = []
  const until = async (holds: () => boolean) => {
    for (let i = 0; !holds(); i += 1) await sleep(5).then(() => assert.ok(i < 1000, JSON.stringify(heard)))
  }
  const listen = () => notices.hear(({ notices: all }) => heard.push(all.map(({ id }) => id)))
  const one = listen()
  await until(() => heard.length === 1)
  // late
  const other = listen()
  assert.deepEqual(heard, [['a'], ['a']])
  other()
  told = undefined
  const before = asked
  await until(() => asked > before + 2)
  told = { now: '', notices: [] }
  await until(() => heard.length === 3)
  assert.deepEqual(heard[2], [])
  one()
  await sleep(50)
  const last = asked
  await sleep(50)
  assert.equal(asked, last)
  told = { now: '', notices: [notice] }
  const again = listen()
  await until(() => heard.length === 4)
  again()
})

test('what the manager says of notices is read as text for terminals, or not at all', async () => {
  const answer = (body: unknown) => managerNotices({ call: async () => ({ status: 200, body }) })()
  const now = '2026-01-01T12:00:00.000Z'
  const [read] = (await answer({ now, notices: [{ ...notice, says: 'a\u001b[2J\nb\u009bc\u202e' }] })).notices
  assert.equal(read?.says, 'a [2J b c ')
  for (const bad of [undefined, {}, { now: 'x', notices: [] }, { now, notices: 7 }, { now, notices: [null] }])
    await assert.rejects(answer(bad))
})

test('a line says when it begins, or until when it lasts', () => {
  const at = (now: string) => noticeLine(notice, `2026-01-01T${now}.000Z`)
  assert.equal(at('12:00:00'), '*** CDE is upgraded. Begins in 5 minutes, at 12:05 UTC. ***')
  assert.equal(at('12:04:10'), '*** CDE is upgraded. Begins in 50 seconds, at 12:05 UTC. ***')
  assert.equal(at('12:05:01'), '*** CDE is upgraded. Under way until about 12:30 UTC. ***')
  assert.equal(
    noticeLine(notice, '2025-12-31T09:00:00.000Z'),
    '*** CDE is upgraded. Begins in 27 hours, at 2026-01-01 12:05 UTC. ***',
  )
})
