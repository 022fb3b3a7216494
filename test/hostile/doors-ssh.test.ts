import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Client, Connection } from 'ssh2'
import { opened, poke, startSshDoor } from './doors-ssh-site.ts'
import { fuzz, type Random } from './random.ts'
import { message, type Part, packet, sendPacket } from './ssh-packet.ts'

/** Names of signals that SSH does not have, and such that no system has. */
const strangeSignals = [
  'BUS',
  'TRAP',
  'SYS',
  'XCPU',
  'SIGBUS',
  'term',
  '',
  '\0',
  '__proto__',
  'toString',
  'x'.repeat(5000),
  '\x1b[2J',
]

const exitSignal = (channel: number, name: string) =>
  packet(message.request, channel, 'exit-signal', false, name, false, 'message', '')

/** What a workspace's server sends over channel 0, in place of what is due. */
const conducts: Record<string, Buffer[]> = {
  'data behind the end': [packet(message.eof, 0), packet(message.data, 0, 'more')],
  'errors behind the end': [packet(message.eof, 0), packet(message.extendedData, 0, 1, 'more')],
  'an end before the command was taken': [packet(message.eof, 0), packet(message.close, 0)],
  'two ends': [packet(message.close, 0), packet(message.close, 0)],
  'two kinds of exit': [packet(message.request, 0, 'exit-status', false, 4_294_967_295), exitSignal(0, 'BUS')],
  'channels that do not exist': [packet(message.data, 77, 'x'), packet(message.close, 4_294_967_295)],
  'a confirmation of nothing': [packet(message.openConfirmation, 9, 9, 9, 9), packet(message.success, 9)],
  'a channel back': ['forwarded-tcpip', 'x11', 'session', 'auth-agent@openssh.com', 'y'].map((type) =>
    packet(message.channelOpen, type, 1, 1000, 1000, 'a', 1, 'b', 2),
  ),
  'host keys that are none': [packet(message.globalRequest, 'hostkeys-00@openssh.com', false, 'nonsense')],
  'a packet that is cut off': [Buffer.from([message.request, 0, 0])],
  'a message nobody knows': [Buffer.from([192])],
  'more than the window': Array.from({ length: 200 }, () => packet(message.data, 0, Buffer.alloc(32_000))),
}

test('a workspace may end a command by any signal', async (t) => {
  const site = await startSshDoor(t)
  for (const name of strangeSignals) {
    site.behave({
      ssh: onExec((connection) => {
        sendPacket(connection, packet(message.success, 0))
        sendPacket(connection, exitSignal(0, name))
        sendPacket(connection, packet(message.eof, 0))
        sendPacket(connection, packet(message.close, 0))
      }),
    })
    await site.throughEvil()
    await site.unharmed()
  }
  await site.servesOthers()
})

for (const confirmed of [true, false])
  test(`a workspace that breaks the protocol ${confirmed ? 'behind' : 'before'} its answer ends its own session`, async (t) => {
    const site = await startSshDoor(t)
    for (const packets of Object.values(conducts)) {
      site.behave({
        ssh: onExec((connection) => {
          if (confirmed) sendPacket(connection, packet(message.success, 0))
          for (const each of packets) sendPacket(connection, each)
          setTimeout(() => connection.end(), 50)
        }),
      })
      await site.throughEvil()
      await site.unharmed()
    }
    await site.servesOthers()
  })

test('a workspace that takes packets of no size is left', async (t) => {
  const site = await startSshDoor(t)
  for (const size of [0, 1]) {
    site.behave({
      ssh(connection) {
        const protocol = (connection as never as { _protocol: { channelOpenConfirm(...parts: number[]): void } })
          ._protocol
        protocol.channelOpenConfirm = (recipient, sender) =>
          sendPacket(
            connection,
            packet(message.openConfirmation, recipient as number, sender as number, 1_000_000, size),
          )
        onExec(() => sendPacket(connection, packet(message.success, 0)))(connection)
      },
    })
    const client = await site.logIn('eve')
    const stream = await opened((done) => client.exec('cat', done))
    stream.on('error', () => {}).resume()
    stream.write('x'.repeat(100))
    await once(client, 'close', { signal: AbortSignal.timeout(10_000) })
    await site.unharmed()
  }
  await site.servesOthers()
})

test('a workspace that talks no SSH, stops in the middle or says nothing', async (t) => {
  const site = await startSshDoor(t)
  for (const bytes of [
    '',
    'HTTP/1.1 200 OK\r\n\r\n',
    'SSH-1.0-old\r\n',
    'SSH-2.0-',
    'x'.repeat(100_000),
    `SSH-2.0-x\r\n${'\0'.repeat(99)}`,
  ]) {
    site.behave({ raw: (socket) => void socket.end(bytes) })
    await site.throughEvil()
    await site.unharmed()
  }
  await site.servesOthers()
})

test('a client may ask for any signal, terminal and variable', async (t) => {
  const site = await startSshDoor(t)
  for (const name of strangeSignals) {
    const client = await site.logIn('ann')
    const stream = await opened((done) => client.exec('sleep 60', { pty: true }, done))
    for (const wanted of [true, false])
      for (const parts of [
        ['signal', wanted, name],
        ['env', wanted, name, name],
        ['pty-req', wanted, name, 4_294_967_295, 0, 0, 0, '\x01\xff\xff'],
        ['window-change', wanted, 0, 4_294_967_295, 0, 0],
        ['subsystem', wanted, name],
        ['exec', wanted, name],
        [name, wanted],
      ] as Part[][])
        sendPacket(client, packet(message.request, 0, ...parts))
    await site.unharmed()
    stream.destroy()
    client.destroy()
  }
  await site.servesOthers()
})

test('a client that breaks the protocol ends its own connection, here and at the workspace', async (t) => {
  const site = await startSshDoor(t)
  for (const logIn of [() => site.logIn('ann'), site.logInInside])
    for (const packets of Object.values(conducts)) {
      const client = await logIn()
      const stream = await opened((done) => client.exec('exec sleep 60', done))
      stream.on('error', () => {})
      for (const each of packets) sendPacket(client, each)
      await site.unharmed()
      client.destroy()
    }
  await site.servesOthers()
})

test('a client that takes packets of no size is cut, here and at the workspace', async (t) => {
  const site = await startSshDoor(t)
  for (const logIn of [() => site.logIn('ann'), site.logInInside])
    for (const size of [0, 1]) {
      const client = await logIn()
      sendPacket(client, packet(message.channelOpen, 'session', 0, 1_000_000, size))
      sendPacket(client, packet(message.request, 0, 'exec', true, 'echo text'))
      await once(client, 'close', { signal: AbortSignal.timeout(10_000) })
      await site.unharmed()
    }
  await site.servesOthers()
})

test('a client that grants a window without end and reads nothing does not fill memory', async (t) => {
  const site = await startSshDoor(t)
  for (const logIn of [() => site.logIn('ann'), site.logInInside]) {
    const client = await logIn()
    sendPacket(client, packet(message.channelOpen, 'session', 0, 4_000_000_000, 32_768))
    sendPacket(client, packet(message.request, 0, 'exec', true, 'yes'))
    socketOf(client).pause()
    const before = process.memoryUsage().external
    for (let i = 0; i < 5; i += 1) await site.unharmed()
    const grown = (process.memoryUsage().external - before) / 2 ** 20
    assert.ok(grown < 64, `${Math.round(grown)} MB more`)
    client.destroy()
  }
  await site.servesOthers()
})

test('no bytes before a login harm anybody', async (t) => {
  const site = await startSshDoor(t)
  await fuzz(30, async (random) => {
    const ident = random.of(['SSH-2.0-x\r\n', 'SSH-2.0-x\n', 'SSH-9-\r\n', '', 'GET / HTTP/1.1\r\n\r\n'])
    await poke(site.port, Buffer.concat([Buffer.from(ident), random.bytes(random.below(300))]))
    await site.unharmed()
  })
  await site.servesOthers()
})

test('no pseudo-random packets of a workspace or of a client harm anybody else', async (t) => {
  const site = await startSshDoor(t)
  await fuzz(60, async (random) => {
    const packets = random.several(1, 12, () => randomPacket(random))
    if (random.below(2) === 0) {
      site.behave({
        ssh: onExec((connection) => {
          for (const each of packets) sendPacket(connection, each)
          setTimeout(() => connection.end(), 20)
        }),
      })
      await site.throughEvil()
    } else {
      const client = await random.of([() => site.logIn('ann'), site.logInInside])()
      client.exec('cat', () => {})
      for (const each of packets) sendPacket(client, each)
      await site.unharmed()
      client.destroy()
    }
    await site.unharmed()
  })
  await site.servesOthers()
})

/** Lets `act` answer the first command of a connection in place of ssh2. */
function onExec(act: (connection: Connection) => void): (connection: Connection) => void {
  return (connection) => {
    connection.on('session', (accept) => {
      accept().on('exec', () => act(connection))
    })
  }
}

const socketOf = (client: Client) => (client as never as { _sock: import('node:net').Socket })._sock

/** A packet of RFC 4254 with parts that are now and then of another kind, too large or missing. */
function randomPacket(random: Random): Buffer {
  const part = (): Part =>
    random.of<Part>([
      0,
      0,
      1,
      2,
      4_294_967_295,
      true,
      false,
      '',
      'x',
      random.of(strangeSignals),
      random.bytes(random.below(40)),
    ])
  const requests = [
    'exit-signal',
    'exit-status',
    'signal',
    'env',
    'pty-req',
    'exec',
    'shell',
    'subsystem',
    'window-change',
    'x',
  ]
  const type = random.of(Object.values(message))
  if (type === message.request && random.below(4) > 0)
    return packet(type, 0, random.of(requests), random.below(2) === 0, ...random.several(0, 5, part))
  return packet(type, random.below(3), ...random.several(0, 5, part))
}
