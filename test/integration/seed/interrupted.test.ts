import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallRelease } from '../../fixtures/release.ts'
import { startRegistry } from '../../lab/registry.ts'

const cli = new URL('../../../installer/src/cli/sealift.mjs', import.meta.url).pathname
const size = 120_000_000

/** Distribution 2.8 behind a line that counts what goes to it, and the command that seeds a large bundle there. */
async function site(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  await writeFile(join(directory, 'tool'), randomBytes(size))
  await buildBundle(options)
  const registry = await startRegistry({ directory: join(directory, 'registry'), tls: true })
  t.after(() => registry.stop())
  let sent = 0
  let onSent = () => {}
  const open = new Set<Socket>()
  const line = createServer((near) => {
    const far = connect(registry.port, '127.0.0.1')
    open.add(near).add(far)
    near.on('data', (chunk) => {
      sent += chunk.length
      onSent()
    })
    near.pipe(far).pipe(near)
    near.on('error', () => far.destroy()).on('close', () => far.destroy())
    far.on('error', () => near.destroy())
  })
  line.listen(0, '127.0.0.1')
  await once(line, 'listening')
  t.after(() => {
    for (const socket of open) socket.destroy()
    line.close()
  })
  const files = { trust: join(directory, 'vendor.pub'), license: join(directory, 'license') }
  await writeFile(files.trust, trust[0] ?? '')
  await writeFile(files.license, options.license ?? '')
  await mkdir(join(directory, 'state'))
  const to = `127.0.0.1:${(line.address() as AddressInfo).port}`
  const words = ['seed', options.out, '--to', to, '--trust', files.trust, '--license', files.license, '--json']
  const where = ['--registry-ca', registry.caFile ?? '', '--state-dir', join(directory, 'state')]
  const seed = async (signal?: NodeJS.Signals) => {
    const start = sent
    const child = spawn(process.execPath, [cli, ...words, ...where], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    onSent = () => {
      if (signal && sent - start > size / 2) {
        onSent = () => {}
        child.kill(signal)
      }
    }
    const [code] = await once(child, 'exit')
    return { code, out }
  }
  return { seed, sent: () => sent, state: join(directory, 'state') }
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const)
  test(`a seed that ${signal} ends at half goes on inside the blob: together 1.05 of the content at most`, async (t) => {
    const { seed, sent, state } = await site(t)
    const first = await seed(signal)
    assert.notEqual(first.code, 0)
    assert.ok(sent() > size / 2)
    const second = await seed()
    assert.equal(second.code, 0, second.out)
    const { references } = JSON.parse(second.out) as { references: unknown[] }
    assert.equal(references.length, 6)
    assert.ok(sent() < size * 1.05, `${sent()} of ${size} bytes went over the line`)
    assert.deepEqual(await readdir(state), [])
  })
