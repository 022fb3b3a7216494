import { tellSignedOut } from '@sealift/web/request.ts'
import { readTold, tellNotices } from './notices.ts'

/** Milliseconds until a watch that broke is tried again, and the most after several failures. */
const soon = 1_000
const late = 30_000
/** Close code of the manager: the session is over. */
const sessionOver = 4401

/** Follows what the manager tells of notices, over a WebSocket that is opened again when it breaks. Returns the end of it. */
export function watchNotices(): () => void {
  let over = false
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let socket: WebSocket | undefined
  const open = (): void => {
    const url = new URL('/api/v0/notices/watch', location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    socket = new WebSocket(url)
    socket.onmessage = ({ data }) => {
      failures = 0
      const told = readTold(JSON.parse(String(data)))
      if (told !== undefined && !over) tellNotices(told)
    }
    socket.onclose = ({ code }) => {
      if (over) return
      if (code === sessionOver) tellSignedOut()
      else timer = setTimeout(open, Math.min(soon * 2 ** failures++, late))
    }
  }
  open()
  return () => {
    over = true
    clearTimeout(timer)
    socket?.close()
  }
}
