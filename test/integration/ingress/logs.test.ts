import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { headers, mark, query, secret } from '../../fixtures/planted.ts'
import { ingress, service, slice, world } from '../../unit/services/ingress/objects.ts'
import { freePorts, startIngress } from './site.ts'

/** A pod that says its piece, whatever is asked, and hangs up. */
async function rawPod(t: TestContext, piece: string): Promise<number> {
  const pod = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(piece))
  }).listen(0, '127.0.0.1')
  await once(pod, 'listening')
  t.after(() => pod.close())
  return (pod.address() as AddressInfo).port
}

test('neither access nor error lines of NGINX have a query, a cookie or a token', async (t) => {
  const [gone = 0] = await freePorts(1)
  const pods: Record<string, number> = {
    gone,
    fine: await rawPod(t, 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
    mute: await rawPod(t, ''),
    wrong: await rawPod(t, `HTTP/1.1 200 OK\r\nset-cookie: a=${secret}\0\r\n\r\n`),
    double: await rawPod(t, `HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-length: ${secret}\r\n\r\n`),
    noise: await rawPod(t, `${secret} ${secret}\r\n\r\n`),
  }
  const site = await startIngress(
    t,
    world({
      services: Object.keys(pods).map((name) => service(name)),
      slices: Object.entries(pods).map(([name, port]) => slice(name, [{ address: '127.0.0.1' }], port)),
      ingresses: [
        ingress('x', { 'x.example': Object.fromEntries(Object.keys(pods).map((name) => [`/${name}/`, name])) }),
      ],
    }),
  )
  const send = async (raw: string) => {
    const socket = connect(site.httpPort, '127.0.0.1')
    socket.write(raw)
    return await text(socket).catch(() => '')
  }
  const head = Object.entries({ host: 'x.example', connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  for (const name of Object.keys(pods)) await send(`GET /${name}/?${query} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`)
  await send(`GET /fine/?${query} HTTP/1.1\r\n${head.join('\r\n')}\r\ncookie: \0${secret}\r\n\r\n`)
  await send(`GET /fine/?${query} ${secret}\r\n\r\n`)
  await send(`POST /mute/?${query} HTTP/1.1\r\n${head.join('\r\n')}\r\ncontent-length: 43\r\n\r\n${secret}`)

  const access = () => readFile(`${site.folder}/access.log`, 'utf8')
  const errors = () => site.lines.filter((line) => line.includes('"source":"nginx"'))
  // both are written behind the answer
  await until(async () => (await access()).trim().split('\n').length === Object.keys(pods).length + 3)
  for (const name of ['gone', 'mute', 'wrong', 'noise'])
    await until(async () => errors().some((line) => line.includes(`/${name}/`)))
  assert.doesNotMatch(await access(), new RegExp(mark))
  assert.doesNotMatch(site.lines.join('\n'), new RegExp(mark))
})

/** Waits until something is so, for at most ten seconds. */
async function until(so: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await so()); await sleep(20)) assert.ok(Date.now() < end, `${so}`)
}
