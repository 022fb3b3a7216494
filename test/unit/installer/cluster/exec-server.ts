import { type ChildProcess, spawn } from 'node:child_process'
import type { Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'

/** What somebody asks to run in a pod. */
export interface Asked {
  namespace: string
  pod: string
  container: string
  command: string[]
}

/** What runs in its place: words and environment of a local process, or a peer that does as it likes with the socket. */
export type Ran = { words: string[]; env?: Record<string, string>; uid?: number } | ((socket: WebSocket) => void)
export type RunInPod = (asked: Asked) => Ran | undefined

/** Lets the exec subresource of pods (protocol v5.channel.k8s.io) run processes of this machine. */
export function serveExec(server: Server, run: RunInPod): void {
  const children = new Set<ChildProcess>()
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (all) => [...all][0] ?? false })
  server.on('upgrade', (request, socket, head) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://cluster')
    const [, namespace = '', pod = ''] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/exec$/.exec(pathname) ?? []
    const command = searchParams.getAll('command')
    const ran = run({ namespace, pod, container: searchParams.get('container') ?? '', command })
    if (ran === undefined) {
      const body = JSON.stringify({ kind: 'Status', code: 404, message: `pods "${pod}" not found` })
      socket.end(
        `HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      )
      return
    }
    sockets.handleUpgrade(request, socket, head, (peer) => {
      peer.on('error', () => {})
      if (typeof ran === 'function') ran(peer)
      else {
        const child = spawnInPlace(ran)
        children.add(child)
        connect(peer, child)
      }
    })
  })
  server.once('close', () => {
    for (const peer of sockets.clients) peer.terminate()
    for (const child of children) child.kill('SIGKILL')
  })
}

const spawnInPlace = ({ words: [program = '', ...more], env, uid }: Exclude<Ran, (socket: WebSocket) => void>) =>
  spawn(program, more, {
    ...{ env: { ...process.env, ...env }, stdio: 'pipe', cwd: '/' },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })

/** As the kubelet: a connection that ends closes the input, the process goes on as long as it likes. */
function connect(peer: WebSocket, child: ChildProcess): void {
  const { stdin, stdout, stderr } = child
  peer.on('message', (data: Buffer) => {
    if (data[0] === 255) stdin?.end()
    else if (data[0] === 0 && stdin?.writable && !stdin.write(data.subarray(1))) {
      peer.pause()
      stdin.once('drain', () => peer.resume())
    }
  })
  stdin?.on('error', () => peer.resume())
  peer.once('close', () => {
    stdin?.destroy()
    stdout?.destroy()
    stderr?.destroy()
  })
  for (const [channel, stream] of [stdout, stderr].entries())
    stream?.on('data', (chunk: Buffer) => {
      stream.pause()
      peer.send(Buffer.concat([Buffer.of(channel + 1), chunk]), () => stream.resume())
    })
  const status = (of: object) => peer.send(Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(of))]))
  child.once('error', (error) => status({ status: 'Failure', reason: 'InternalError', message: error.message }))
  child.once('close', (code) => {
    const causes = [{ reason: 'ExitCode', message: String(code ?? 137) }]
    status(code === 0 ? { status: 'Success' } : { status: 'Failure', reason: 'NonZeroExitCode', details: { causes } })
    peer.close()
  })
}
