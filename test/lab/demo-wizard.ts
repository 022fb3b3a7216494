import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { startSealift } from './demo-sealift.ts'

/** `sealift install` with its web face, as an operator starts it. */
export interface Wizard {
  child: ChildProcess
  /** lets one browser in, once */
  url: string
  /** SHA-256 of its certificate */
  fingerprint: string
  /** Resolves with the exit code. */
  ended: Promise<number | null>
  /** what it has said on stderr */
  said(): string
}

/** Starts the wizard and waits for its link, at most 30 seconds. Answers may be given in advance as flags. */
export async function startWizard(flags: readonly string[]): Promise<Wizard> {
  const child = await startSealift(['install', ...flags, '--listen=127.0.0.1:0', '--json'])
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; fingerprint: string }>()
  const timer = setTimeout(() => reject(new Error(`the wizard gives no link: ${stderr}`)), 30_000)
  void ended.then(() => reject(new Error(`the wizard ended: ${stderr}`)))
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const event = JSON.parse(line) as { type: string; url: string; fingerprint: string }
    if (event.type === 'link') resolve(event)
  })
  const link = await promise.finally(() => clearTimeout(timer))
  return { child, ...link, ended, said: () => stderr }
}
