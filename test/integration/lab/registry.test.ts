import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../lab/command.ts'
import { writeImageArchive } from '../../lab/image.ts'
import { isRunning } from '../../lab/process.ts'
import { startRegistry } from '../../lab/registry.ts'
import { startVendorRegistry } from '../../lab/vendor-registry.ts'

function temporary(t: { after: (work: () => void) => void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'lab-registry-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const status = (registry: { host: string; caFile?: string }, ...args: string[]) => {
  const trust = registry.caFile ? ['--cacert', registry.caFile] : []
  return run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...trust, ...args, `https://${registry.host}/v2/`])
}

test('the vendor registry speaks TLS by its own authority and asks for its password', async (t) => {
  const registry = await startVendorRegistry(temporary(t))
  t.after(() => registry.stop())
  assert.equal(await status(registry), '401')
  assert.equal(await status(registry, '--user', `${registry.username}:${registry.password}`), '200')
  assert.equal(await status(registry, '--user', `${registry.username}:wrong`), '401')
  await assert.rejects(status({ host: registry.host }), { why: /exit 60/ })
})

test('content and authority are there again after a restart', async (t) => {
  const directory = temporary(t)
  const first = await startRegistry({ directory, tls: true })
  const archive = join(directory, 'image.tar')
  await writeImageArchive(archive, '/bin/true', 'vendor.example/true:1')
  const copy = (host: string, ...args: string[]) => run('skopeo', [...args, `docker://${host}/true:1`])
  const trust = join(directory, 'trust')
  await run('mkdir', [trust])
  await run('cp', [first.caFile ?? '', join(trust, 'ca.crt')])
  await copy(first.host, 'copy', '--insecure-policy', '--quiet', '--dest-cert-dir', trust, `oci-archive:${archive}`)
  await first.stop()
  assert.ok(!isRunning(first.process))
  const second = await startRegistry({ directory, tls: true })
  t.after(() => second.stop())
  const found = await copy(second.host, 'inspect', '--cert-dir', trust, '--format', '{{.Os}}')
  assert.equal(found.trim(), 'linux')
})

test('a registry ends with the process that started it, even when that is killed', async (t) => {
  const source = `import { startRegistry } from ${JSON.stringify(new URL('../../lab/registry.ts', import.meta.url).href)}
    const registry = await startRegistry({ directory: ${JSON.stringify(temporary(t))}, tls: false })
    console.log(JSON.stringify(registry.process))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const record = JSON.parse(String(await new Promise((resolve) => child.stdout.once('data', resolve))))
  assert.ok(isRunning(record))
  child.kill('SIGKILL')
  for (let i = 0; i < 50 && isRunning(record); i++) await sleep(100)
  assert.ok(!isRunning(record))
})

test('a port that is taken is an error that says so', async (t) => {
  const first = await startRegistry({ directory: temporary(t), tls: false })
  t.after(() => first.stop())
  await assert.rejects(startRegistry({ directory: temporary(t), tls: false, port: first.port }), {
    code: 'CLUSTER_LAB_REGISTRY',
    why: /address already in use/,
  })
})
