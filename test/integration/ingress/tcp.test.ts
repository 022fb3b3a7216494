import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { readTcpServices } from '../../../services/ingress/tcp.ts'
import { ingress, service, slice, world } from '../../unit/services/ingress/objects.ts'
import { freePorts, startIngress } from './site.ts'

test('a TCP service is reached as it is, through reloads, and comes and goes with its pods', async (t) => {
  const pod = createServer((socket) => socket.end('SSH-2.0-pod\r\n'))
  pod.listen(0, '127.0.0.1')
  await once(pod, 'listening')
  t.after(() => pod.close())
  const { port } = pod.address() as AddressInfo
  const [listen = 0] = await freePorts(1)
  const tcp = readTcpServices(`${listen}=a:80`)
  const objects = (endpoints: { address: string }[]) => ({
    ...world({ services: [service('a')], slices: [slice('a', endpoints, port)] }),
    tcp,
    tcpNamespace: 'cde',
  })
  const site = await startIngress(t, objects([{ address: '127.0.0.1' }]))
  const read = async () => {
    const socket = connect(listen, '127.0.0.1')
    return await text(socket).catch((error: NodeJS.ErrnoException) => error.code)
  }
  assert.equal(await read(), 'SSH-2.0-pod\r\n')
  await site.set({ ...objects([{ address: '127.0.0.1' }]), ingresses: [ingress('x', { 'x.example': { '/': 'a' } })] })
  assert.equal(await read(), 'SSH-2.0-pod\r\n')
  await site.set(objects([]))
  assert.equal(await read(), 'ECONNREFUSED')
})

test('a Service that is not there costs the port, nothing else', async (t) => {
  const site = await startIngress(t, { ...world({}), tcp: readTcpServices('2222=gone:2222'), tcpNamespace: 'cde' })
  assert.deepEqual(
    site.refused().map(({ kind, name, reason }) => [kind, name, reason]),
    [['Service', 'gone', 'the Service "gone" does not exist']],
  )
})

test('malformed TCP services are refused at the start', () => {
  for (const text of [
    '22',
    '22=a',
    '0=a:1',
    '22=A:1',
    '22=a:70000',
    '22=a;b:1',
    '22=a:1:2',
    '22=a:1:proxies',
    '22=a:1:',
  ])
    assert.throws(() => readTcpServices(text), /TCP_SERVICES/, text)
  assert.deepEqual(readTcpServices(' 22=a:1 , '), [{ listen: 22, service: 'a', port: 1, proxyProtocol: false }])
  assert.deepEqual(readTcpServices('22=a:1:proxy'), [{ listen: 22, service: 'a', port: 1, proxyProtocol: true }])
})
