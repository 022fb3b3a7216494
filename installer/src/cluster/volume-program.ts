import { lastWords } from './pod-program.ts'
import { volumePath } from './probe-pod.ts'

/** How a volume took writes that must be on it before the next one begins. */
export interface VolumeFacts {
  /** milliseconds of one write, in the middle and of the slowest 1 % */
  p50: number
  p99: number
  writes: number
}

/**
 * As etcd's documentation measures a disk (fio: 2300-byte writes, each followed by fdatasync). It ends early on a volume
 * that is very slow.
 */
const program = `
const fs = require('node:fs')
const [directory, out] = process.argv.slice(1)
const file = directory + '/sealift-' + Date.now()
try {
  const bytes = Buffer.alloc(2300, 'sealift ')
  const times = []
  const disk = fs.openSync(file, 'wx+', 0o600)
  const write = () => {
    const started = process.hrtime.bigint()
    fs.writeSync(disk, bytes)
    fs.fdatasyncSync(disk)
    return Number(process.hrtime.bigint() - started) / 1e6
  }
  const end = Date.now() + 10000
  // the first ones wait for what only the first ones wait for
  for (let i = 0; i < 10; i++) write()
  for (let i = 0; i < 200 && (i < 20 || Date.now() < end); i++) times.push(write())
  fs.closeSync(disk)
  const back = fs.readFileSync(file)
  fs.unlinkSync(file)
  if (!back.equals(Buffer.alloc(back.length, bytes)) || back.length !== (times.length + 10) * bytes.length)
    throw new Error('what was read is not what was written')
  times.sort((a, b) => a - b)
  const at = (share) => Math.round(times[Math.ceil(times.length * share) - 1] * 10) / 10
  fs.writeFileSync(out, JSON.stringify({ p50: at(0.5), p99: at(0.99), writes: times.length }))
} catch (error) {
  fs.writeFileSync(out, error.message.slice(0, 500))
  process.exit(1)
}`

/** A command for an image with Node.js: writes to a directory and reads it back, and leaves VolumeFacts as JSON in a file. */
export const tryVolume = (directory = volumePath, out = lastWords): readonly string[] => [
  ...['node', '-e', program, directory, out],
]
