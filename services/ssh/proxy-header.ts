import { isIP, type Socket } from 'node:net'

/** Longest header of version 1, its line end included, in bytes (PROXY protocol, section 2.1). */
const longest = 107

/**
 * Takes the header of the PROXY protocol, version 1, from the start of a connection and calls `taken` with the address of
 * the client that it names; the socket is then paused and has the rest as it came. One that begins with anything else is
 * closed. How long it takes is the caller's to bound.
 */
export function takeProxyHeader(socket: Socket, taken: (address: string) => void): void {
  let head: Buffer = Buffer.alloc(0)
  const onData = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    const end = head.subarray(0, longest).indexOf('\r\n')
    if (end < 0 && head.length < longest) return
    socket.off('data', onData)
    const line = head.toString('latin1', 0, Math.max(end, 0))
    const [, address = ''] = /^PROXY TCP[46] ([0-9a-fA-F.:]+) [0-9a-fA-F.:]+ \d{1,5} \d{1,5}$/.exec(line) ?? []
    if (isIP(address) === 0) {
      socket.destroy()
      return
    }
    socket.pause()
    if (head.length > end + 2) socket.unshift(head.subarray(end + 2))
    taken(address)
  }
  socket.on('data', onData)
}
