/** bytes of one read: larger ones were no faster, smaller ones cost more system calls */
const large = 256 << 10
/** bytes of one read when many clients download at once, so that slow ones don't fill the memory */
const small = 32 << 10
/** downloads that get a large buffer */
const most = 32

const free: Buffer[] = []
let inUse = 0

/**
 * Lends a buffer for one download. Large ones are kept and used again: a new one for each read made garbage collection
 * and page faults cost more than TLS.
 */
export async function withBuffer<T>(use: (buffer: Buffer) => Promise<T>): Promise<T> {
  const isLarge = inUse < most
  const buffer = (isLarge ? free.pop() : undefined) ?? Buffer.allocUnsafeSlow(isLarge ? large : small)
  inUse++
  try {
    return await use(buffer)
  } finally {
    inUse--
    if (isLarge && free.length < most) free.push(buffer)
  }
}
