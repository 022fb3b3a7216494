import { createInterface } from 'node:readline'
import { startSealift } from './demo-sealift.ts'

export interface Served {
  /** host:port */
  registry: string
  caFile: string
  pid: number
  stop(): Promise<void>
}

/** Starts `sealift serve` and waits until it listens, at most two minutes. */
export async function startServing(options: {
  bundle: string
  trust: string
  license: string
  address: string
  /** 0 takes a free one */
  port: number
  state: string
}): Promise<Served> {
  const { bundle, trust, license, address, port, state } = options
  const child = await startSealift([
    'serve',
    bundle,
    '--trust',
    trust,
    '--license',
    license,
    '--listen',
    `${address}:${port}`,
    '--state',
    state,
    '--json',
  ])
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk).slice(-4000)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  const listening = new Promise<{ registry: string; ca: string }>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`sealift serve does not listen: ${stderr}`)), 120_000)
    void ended.then(() => reject(new Error(`sealift serve ended: ${stderr}`)))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', (line) => {
      clearTimeout(timer)
      resolve(JSON.parse(line))
    })
  })
  const { registry, ca } = await listening.catch(async (error) => {
    await stop()
    throw error
  })
  return { registry, caFile: ca, pid: child.pid as number, stop }
}
