import type { ChildProcess } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { startSealift } from './demo-sealift.ts'

export interface Served {
  /** host:port */
  registry: string
  caFile: string
  pid: number
  /** Makes it load its bundles anew; throws where they cannot be served, or after two minutes. */
  reload(): Promise<void>
  stop(): Promise<void>
}

/** Starts `sealift serve` and waits until it listens, at most two minutes. */
export async function startServing(options: {
  /** a file, or a directory of them */
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
  const log = createInterface({ input: child.stderr as NodeJS.ReadableStream })
  log.on('line', (line) => {
    stderr = `${stderr}${line}\n`.slice(-4000)
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
  return { registry, caFile: ca, pid: child.pid as number, reload: () => reload(child, log), stop }
}

function reload(child: ChildProcess, log: Interface): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(new Error('sealift serve does not load its bundles anew')), 120_000)
    const look = (line: string) => {
      if (line.includes('"bundles loaded"')) finish()
      if (line.includes('"the bundles cannot be loaded')) finish(new Error(line))
    }
    const finish = (error?: Error) => {
      clearTimeout(timer)
      log.off('line', look)
      if (error) reject(error)
      else resolve()
    }
    log.on('line', look)
    child.kill('SIGHUP')
  })
}
