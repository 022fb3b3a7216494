import { parseSize, type Size } from './size.ts'

/** Longest control message taken, in bytes. */
const longest = 1024

/** Reads a client's text frame; undefined when it is not a well-formed {type:'resize',cols,rows}. */
export function parseControlFrame(data: Buffer): ({ type: 'resize' } & Size) | undefined {
  if (data.length > longest) return undefined
  try {
    const message: unknown = JSON.parse(data.toString('utf8'))
    if (typeof message !== 'object' || message === null) return undefined
    const { type, cols, rows } = message as Record<string, unknown>
    const size = type === 'resize' ? parseSize(cols, rows) : undefined
    return size && { type: 'resize', ...size }
  } catch {
    return undefined
  }
}
