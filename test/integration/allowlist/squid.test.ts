import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { squid } from '../../../installer/src/allowlist/formats/squid.ts'
import { allowlist, allowlists, endpoint } from '../../fixtures/allowlist.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { run } from '../../lab/command.ts'
import { startSquid } from '../../lab/squid.ts'
import { asked, listAt } from './names.ts'

/** Port of something that accepts connections on 127.0.0.1, and on ::1 where there is one. */
async function listening(t: TestContext): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

async function proxy(t: TestContext, hosts: readonly string[], acl: string) {
  const started = await startSquid({ directory: await temporaryDirectory(t), hosts, acl })
  t.after(started.stop)
  return started
}

/** Status of the proxy's answer to CONNECT. */
async function connects(url: string, target: string): Promise<number | undefined> {
  const asking = request(url, { method: 'CONNECT', path: target, agent: false }).end()
  const [answer, socket] = await Promise.race([
    once(asking, 'connect'),
    once(asking, 'response').then(([answer]) => [answer, answer.socket]),
  ])
  socket.destroy()
  return answer.statusCode
}

test('squid opens CONNECT to exactly the names of the list, at their port', async (t) => {
  const [port, other] = [await listening(t), await listening(t)]
  const hosts = asked.map(({ name }) => name.replace(/\.$/, '').toLowerCase())
  const { url } = await proxy(t, hosts, `${squid.write(listAt(port)).text}http_access deny all`)
  for (const { name, listed } of asked) {
    assert.equal(await connects(url, `${name}:${port}`), listed ? 200 : 403, name)
    assert.equal(await connects(url, `${name}:${other}`), 403, `${name} at a port that is not its own`)
  }
})

test('squid opens an address that is listed and no name that has it, and a name that is listed and not its address', async (t) => {
  const [port, other] = [await listening(t), await listening(t)]
  const list = allowlist([
    endpoint({ host: '127.0.0.1', port }),
    endpoint({ host: '2001:db8::1', port }),
    endpoint({ host: 'named.example', port: other }),
  ])
  // its hosts file says what the address is called, too
  const { url } = await proxy(t, ['named.example'], `${squid.write(list).text}http_access deny all`)
  assert.equal(await connects(url, `127.0.0.1:${port}`), 200)
  assert.equal(await connects(url, `named.example:${port}`), 403)
  assert.equal(await connects(url, `named.example:${other}`), 200)
  assert.equal(await connects(url, `127.0.0.1:${other}`), 403)
  assert.equal(await connects(url, `[2001:db8::2]:${port}`), 403)
  assert.notEqual(await connects(url, `[2001:db8::1]:${port}`), 403)
})

test('squid parses whatever list there is, and has nothing to warn of', async (t) => {
  const file = join(await temporaryDirectory(t), 'squid.conf')
  for (const list of fc.sample(allowlists, { seed: 13, numRuns: 6 })) {
    await writeFile(file, squid.write(list).text)
    const said = await run('sh', ['-c', 'squid -k parse -f "$0" 2>&1', file])
    assert.doesNotMatch(said, /WARNING|ERROR|FATAL/)
  }
})
