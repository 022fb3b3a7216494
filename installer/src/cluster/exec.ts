import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type WebSocket from 'ws'
import type { Cluster } from './connection.ts'
import { messagesOf, SocketLost } from './socket-messages.ts'

/** A program to run in a container that runs already. */
export interface Exec {
  namespace: string
  pod: string
  container: string
  command: readonly string[]
  /** Its standard input, to the end; what it throws ends the command, which then never sees an end of its input. */
  stdin?: AsyncIterable<Uint8Array> | undefined
  /** Gets its standard output as it comes; the next chunk waits until this is done. */
  onStdout?: ((chunk: Uint8Array) => Promise<void> | void) | undefined
  signal?: AbortSignal | undefined
}

/** How a program ended; `stderr` is the last 64 KiB of what it said there. */
export interface Executed {
  exitCode: number
  stderr: string
}

/** The first protocol that can close the standard input (Kubernetes 1.30; k8s.io/apimachinery, pkg/util/remotecommand). */
const protocol = 'v5.channel.k8s.io'
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const
/** bytes of one message to the program */
const pieceSize = 32 * 1024
/** characters of standard error that are kept */
const stderrLimit = 64 * 1024

/**
 * Runs a program in a pod, its input and output streamed with back-pressure. It ends well only when the API server said how
 * the program ended: a connection that just ends is a failure.
 * @throws SealiftError CLUSTER_EXEC where its end is not known or it could not be started, CLUSTER_*; what `stdin` and `onStdout` throw
 */
export async function execInPod(cluster: Cluster, exec: Exec): Promise<Executed> {
  const { namespace, pod, container, command, stdin, onStdout, signal = cluster.signal } = exec
  signal.throwIfAborted()
  const what = `run ${command[0]} in pod ${namespace}/${pod}`
  const query = new URLSearchParams([
    ...command.map((word) => ['command', word]),
    ...[['container', container], ...(stdin ? [['stdin', 'true']] : []), ['stdout', 'true'], ['stderr', 'true']],
  ] as [string, string][])
  const path = `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(pod)}/exec?${query}`
  const socket = await cluster.until(signal).upgrade(what, path, protocol)
  const abort = () => socket.terminate()
  signal.addEventListener('abort', abort)
  let failure: { error: unknown } | undefined
  const input = stdin && { ended: false }
  const send = async () => {
    if (!stdin || !input) return
    try {
      for await (const chunk of stdin) if (!(await sendAll(socket, chunk))) return
      await sendOne(socket, Buffer.of(channel.close, channel.stdin))
      input.ended = true
    } catch (error) {
      failure = { error }
      socket.terminate()
    }
  }
  try {
    void send()
    const ended = await follow(messagesOf(socket, input), onStdout)
    if (failure) throw failure.error
    if (typeof ended === 'object') return ended
    throw new SocketLost(ended)
  } catch (error) {
    signal.throwIfAborted()
    if (failure) throw failure.error
    throw error instanceof SocketLost ? lost(cluster, exec, error.message) : error
  } finally {
    socket.terminate()
    signal.removeEventListener('abort', abort)
  }
}

/** Follows a program to its end; text where that is not known, which says why. */
async function follow(messages: AsyncIterable<Buffer>, onStdout: Exec['onStdout']): Promise<Executed | string> {
  let stderr = ''
  for await (const message of messages) {
    const bytes = message.subarray(1)
    if (message[0] === channel.stdout) await onStdout?.(bytes)
    else if (message[0] === channel.stderr) stderr = (stderr + bytes.toString()).slice(-stderrLimit)
    else if (message[0] === channel.status) {
      const exitCode = exitCodeIn(bytes)
      return typeof exitCode === 'number' ? { exitCode, stderr } : exitCode
    }
  }
  return 'the connection ended before the program did'
}

/** False where the program no longer listens. */
async function sendAll(socket: WebSocket, bytes: Uint8Array): Promise<boolean> {
  // what was sent has been copied, or written
  const message = Buffer.allocUnsafe(Math.min(bytes.length, pieceSize) + 1)
  message[0] = channel.stdin
  for (let at = 0; at < bytes.length; at += pieceSize) {
    const piece = bytes.subarray(at, at + pieceSize)
    message.set(piece, 1)
    if (!(await sendOne(socket, message.subarray(0, piece.length + 1)))) return false
  }
  return true
}

const sendOne = (socket: WebSocket, message: Buffer): Promise<boolean> =>
  new Promise((resolve) => socket.send(message, (error) => resolve(!error)))

/** The exit code in a Status (k8s.io/client-go, tools/remotecommand/v4.go); else why the program did not even start. */
function exitCodeIn(bytes: Buffer): number | string {
  try {
    const { status, reason, message, details } = JSON.parse(bytes.toString())
    if (status === 'Success') return 0
    const cause = details?.causes?.find((one: { reason?: unknown }) => one.reason === 'ExitCode')
    const code = Number(cause?.message)
    return reason === 'NonZeroExitCode' && Number.isInteger(code) ? code : String(message ?? 'no reason was given')
  } catch {
    return 'its status cannot be read'
  }
}

const lost = ({ flags }: Cluster, { namespace, pod, container, command }: Exec, why: string): SealiftError =>
  new SealiftError('CLUSTER_EXEC', `how ${command[0]} in pod ${pod} ended is not known`, {
    why: why.replaceAll(/\s+/g, ' ').trim(),
    fix: `see whether the pod runs, then run the command again: kubectl${flags} --namespace ${namespace} logs ${pod} --container ${container}`,
  })
