import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildBundle } from '../../../installer/src/build/build.ts'
import type { MemoryStore } from '../../../installer/src/stores/memory.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { putImage, smallRelease } from '../../fixtures/release.ts'
import type { BuildProcess } from './process.ts'
import { slowRegistry } from './slow-registry.ts'

const mebibyte = 1 << 20
const host = 'registry.sealift.example'
/** bytes a second, and bytes that a kill may cost: what arrives in half a second (write-journal.ts) and on the way */
const rate = 8 * mebibyte
const lossOfKill = 0.5 * rate + 2 * mebibyte

async function prepare(t: TestContext, sizes: readonly number[]) {
  const directory = await temporaryDirectory(t)
  const { options } = await smallRelease(directory)
  const { registry, render, ...rest } = options
  const layers = sizes.map((size) => randomBytes((size * 3) / 4).toString('base64'))
  await putImage(registry as MemoryStore, `${host}/cde/manager:0.1.0`, layers)
  const slow = await slowRegistry(t, registry as MemoryStore, host, rate)
  const out = join(directory, 'killed', 'cde.bundle')
  await mkdir(join(directory, 'killed'))
  const rendered = await render({ archive: Buffer.alloc(0), name: '', version: '', metadata: {} } as never, {} as never)
  const job = join(directory, 'job.json')
  await writeFile(job, JSON.stringify({ ...rest, out, mirror: slow.mirror, rendered } satisfies BuildProcess))
  const start = () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'process.ts'), job], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    t.after(() => child.kill('SIGKILL'))
    return child
  }
  const content = sizes.reduce((sum, size) => sum + size, 0)
  return { options, out, slow, start, content, directory }
}

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  const text = { out: '', err: '' }
  child.stdout?.on('data', (chunk) => (text.out += chunk))
  child.stderr?.on('data', (chunk) => (text.err += chunk))
  const [code] = await once(child, 'close')
  return { code, ...text }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    assert.ok(i < 3000, 'it does not get there')
    await sleep(10)
  }
}

test('a build that is killed again and again ends with the same bytes and fetches hardly any twice', async (t) => {
  const { options, out, slow, start, content, directory } = await prepare(
    t,
    [20, 10, 8, 4, 4, 2].map((n) => n * mebibyte),
  )
  let kills = 0
  const ends: Awaited<ReturnType<typeof ended>>[] = []
  for (let done = false; !done; ) {
    const before = slow.sent
    const child = start()
    const end = ended(child).then((result) => {
      done = true
      ends.push(result)
    })
    if (kills < 4) {
      // at a random moment, but late enough to lose more than allowed if nothing were kept
      const goal = before + (8 + 6 * Math.random()) * mebibyte
      await until(() => slow.sent >= goal || done)
      if (!done) kills++
      child.kill('SIGKILL')
      await end
      done = ends.at(-1)?.code === 0
    } else {
      slow.rate = 1000 * mebibyte
      await end
    }
  }
  assert.equal(ends.at(-1)?.code, 0, `${ends.at(-1)?.err}`)
  assert.ok(kills >= 3, `only ${kills} kills`)
  const most = 1.05 * content + kills * lossOfKill
  t.diagnostic(
    `${kills} kills, fetched ${(slow.sent / content).toFixed(2)} of the content, at most ${(most / content).toFixed(2)}`,
  )
  assert.ok(slow.sent <= most, `fetched ${slow.sent} of ${content} bytes, ${kills} kills`)
  const whole = await buildBundle({ ...options, out: join(directory, 'whole.bundle') })
  assert.equal(await sha256(out), await sha256(whole.path))
  assert.deepEqual(await readdir(join(out, '..')), ['cde.bundle'])
})

test('two builds to one file at once are refused, and a killed one leaves no lock', async (t) => {
  const { out, slow, start, content } = await prepare(t, [16 * mebibyte])
  slow.rate = mebibyte
  const first = start()
  const firstEnd = ended(first)
  await until(() => slow.sent > 0)
  const second = await ended(start())
  assert.equal(second.code, 1)
  assert.match(second.err, /STORAGE_LOCKED/)
  first.kill('SIGKILL')
  await firstEnd
  slow.rate = 1000 * mebibyte
  const third = await ended(start())
  assert.equal(third.code, 0, third.err)
  assert.ok(slow.sent < 2 * content)
  assert.deepEqual(await readdir(join(out, '..')), ['cde.bundle'])
})
