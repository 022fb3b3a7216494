import type { ServerChannel } from 'ssh2'
import type { Size } from '../size.ts'
import { startTerminal } from '../terminal.ts'
import type { Running } from './program.ts'

/** Output that waits for a slow client, in bytes, before the terminal stops. */
const highWater = 262_144

/** Runs bash on a pseudo terminal for a session channel; `args` as bash takes them. */
export function runInTerminal(
  channel: ServerChannel,
  options: { size: Size; home: string; environment: Record<string, string>; args: string[] },
): Running & { resize(size: Size): void } {
  let paused = false
  const terminal = startTerminal(options, {
    data(chunk) {
      channel.write(chunk)
      if (!paused && channel.writableLength > highWater) {
        paused = true
        terminal.pause()
      }
    },
    drain: () => channel.resume(),
    exit(code) {
      channel.exit(code)
      channel.end()
    },
  })
  channel.on('drain', () => {
    if (paused) terminal.resume()
    paused = false
  })
  channel.on('data', (data: Buffer) => {
    if (!terminal.write(data)) channel.pause()
  })
  // What Ctrl-D would do: the client has no more to type.
  channel.once('end', () => terminal.write(Buffer.from([4])))
  return {
    resize: terminal.resize,
    hangUp: terminal.kill,
    signal(name) {
      try {
        process.kill(-terminal.pid, name)
      } catch {
        // already gone
      }
    },
  }
}
