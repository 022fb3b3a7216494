import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import fc from 'fast-check'
import { nginx } from '../../../installer/src/allowlist/formats/nginx.ts'
import { allowlist, allowlists, endpoint } from '../../fixtures/allowlist.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { freePort } from '../../fixtures/free-port.ts'
import { run } from '../../lab/command.ts'
import { asked, listAt } from './names.ts'

/** A configuration with the allowlist in `stream`. */
const configuration = (directory: string, stream: string): string =>
  [
    'load_module /usr/lib/nginx/modules/ngx_stream_module.so;',
    `pid ${directory}/nginx.pid;`,
    `error_log ${directory}/error.log;`,
    'worker_processes 1;',
    'daemon off;',
    'events {}',
    `stream {\n${stream}\n}`,
  ].join('\n')

/** Starts nginx with these servers, ended with the test. */
async function start(t: TestContext, directory: string, stream: string, port: number): Promise<void> {
  const file = join(directory, 'nginx.conf')
  await writeFile(file, configuration(directory, stream))
  const child = spawn('nginx', ['-p', directory, '-c', file], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  for (let tries = 0; ; tries++) {
    const socket = connectTcp(port, '127.0.0.1')
    const there = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (there) return
    assert.ok(tries < 200 && child.exitCode === null, 'nginx does not listen')
    await sleep(50)
  }
}

test('nginx leads TLS to exactly the names of the list, at their port', async (t) => {
  const directory = await temporaryDirectory(t)
  let reached = 0
  const upstream = createServer((socket) => {
    reached++
    socket.on('error', () => {}).destroy()
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.after(() => upstream.close())
  const [port, other] = [await freePort(), await freePort()]
  const { text } = nginx.write({
    ...listAt(443),
    endpoints: [...listAt(443).endpoints, endpoint({ host: 'other.test', port: 8443 }), endpoint({ host: 'default' })],
  })
  const server = (at: number, listen: number) =>
    `map $sealift_${at} $to_${at} { 1 127.0.0.1:${(upstream.address() as AddressInfo).port}; }
     server { listen 127.0.0.1:${listen}; ssl_preread on; proxy_pass $to_${at}; }`
  await start(t, directory, [text, server(443, port), server(8443, other)].join('\n'), port)
  const leads = async (at: number, servername: string): Promise<boolean> => {
    const before = reached
    const socket = connect({ port: at, host: '127.0.0.1', ...(servername === '' ? {} : { servername }) })
    socket.on('error', () => {})
    await new Promise((resolve) => socket.on('close', resolve))
    return reached > before
  }
  for (const { name, listed } of asked) {
    assert.equal(await leads(port, name), listed, name)
    assert.equal(await leads(other, name), false, name)
  }
  assert.equal(await leads(other, 'other.test'), true)
  assert.equal(await leads(port, 'other.test'), false)
  assert.equal(await leads(port, 'default'), true)
  assert.equal(await leads(port, ''), false)
})

test('nginx takes whatever list there is', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'nginx.conf')
  const names = [
    'default',
    'include',
    'hostnames',
    'volatile',
    'nuget',
    'registry',
    'tools',
    `${'a.'.repeat(120)}example.com`,
  ]
  const list = allowlist(names.map((host) => endpoint({ host })))
  for (const one of [allowlist([]), list, ...fc.sample(allowlists, { seed: 13, numRuns: 6 })]) {
    await writeFile(file, configuration(directory, nginx.write(one).text))
    await run('nginx', ['-t', '-p', directory, '-c', file])
  }
})
