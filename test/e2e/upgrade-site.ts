import assert from 'node:assert/strict'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse } from 'yaml'
import { type DemoGround, host, startGround, writeAnswers } from '../lab/demo-ground.ts'
import { type CliResult, runSealift, sealift, startSealift } from '../lab/demo-sealift.ts'
import { steps } from '../lab/demo-step.ts'
import type { Platform } from '../lab/demo-user.ts'
import type { ReleaseVariant } from '../lab/releases/release-variant.ts'
import { release10 } from '../lab/releases/releases.ts'
import { sealRelease } from '../lab/releases/seal-release.ts'
import { type OnBorrowedLab, onBorrowedLab } from './borrowed-lab.ts'

/** A release on a borrowed lab, 1.0 by default, with the bundles of others beside it, all served by one registry. */
export interface UpgradeSite {
  ground: OnBorrowedLab<DemoGround>
  platform: Platform
  adminPassword: string
  /** bundles by the names they were asked for */
  bundles: Record<string, string>
  /** a file or directory beside what was carried over */
  at(name: string): string
  kubectl(...words: string[]): Promise<string>
  /** Runs a command of the executable against this site, from the state directory `state`, to its end. */
  run(words: readonly string[], state?: string): Promise<CliResult>
  /** Runs one with `--json`; `kill` is asked at each event, and says after how many milliseconds it is killed, if at all. */
  runUntil(
    words: readonly string[],
    kill: (event: StageEvent) => number | undefined,
    state?: string,
  ): Promise<CliResult>
  close(): Promise<void>
}

/** What `--json` says of a stage, and in its plan. */
export type StageEvent = { type: string; stage?: string; unfinished?: { direction: 'forward' | 'back' } }

/** `answers` are those beside the usual ones. Each variant has a version of its own: two releases of one version are not served together. */
export async function startUpgradeSite(
  variants: Record<string, ReleaseVariant>,
  answers: (ground: DemoGround) => Promise<object>,
  log: (line: string) => void,
  from = release10,
): Promise<UpgradeSite> {
  const bundles: Record<string, string> = {}
  const ground = await onBorrowedLab(async (options) => {
    const begun = await startGround({ ...options, release: from }, steps(options.log, false))
    const { files, served } = begun
    for (const [name, variant] of Object.entries(variants)) {
      const bundle = join(files.bundles, `${name}.bundle`)
      await copyFile(await sealRelease(files, variant, log), bundle)
      bundles[name] = bundle
    }
    await served.reload()
    return begun
  })
  try {
    const { files, site } = ground
    await writeAnswers(ground, files.paid)
    const usual: object = parse(await readFile(files.answers, 'utf8'))
    // JSON is YAML
    await writeFile(files.answers, JSON.stringify({ ...usual, ...(await answers(ground)) }))
    await sealift(['install', '--headless', `--answers=${files.answers}`])
    const where = [`--kubeconfig=${site.kubeconfig}`, '--namespace=cde']
    const at = (name: string) => join(files.bastion, name)
    const words = (command: readonly string[], state: string | undefined) => [
      ...command,
      ...where,
      ...(state === undefined ? [] : [`--state=${at(state)}`]),
    ]
    const ca = await site.secret('cde', 'cde-ca', 'ca.crt')
    return {
      ...{ ground, bundles, at },
      platform: { host, address: await site.ingressAddress(), port: 443, ca },
      adminPassword: await site.secret('cde', 'cde-admin', 'password'),
      kubectl: (...one) => site.kubectl('--namespace=cde', ...one),
      run: (command, state) => runSealift(words(command, state), { timeout: 300_000 }),
      async runUntil(command, kill, state) {
        const child = await startSealift(words(command, state))
        const said = { stdout: '', stderr: '' }
        child.stderr?.on('data', (chunk: Buffer) => {
          said.stderr += chunk
        })
        createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
          said.stdout += `${line}\n`
          const after = kill(JSON.parse(line))
          if (after !== undefined) timers.push(setTimeout(() => child.kill('SIGKILL'), after))
        })
        const timers = [setTimeout(() => child.kill('SIGKILL'), 300_000)]
        const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)))
        for (const timer of timers) clearTimeout(timer)
        return { exitCode, ...said, peakMemory: 0 }
      },
      close: () => ground.close(),
    }
  } catch (error) {
    await ground.close()
    throw error
  }
}

/** The documents of `--json`, by line. */
export const documents = <T = StageEvent>({ stdout }: Pick<CliResult, 'stdout'>): T[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** Fails with all that a command said where it did not end with `exitCode`. */
export function assertEnded({ exitCode, stdout, stderr }: CliResult, expected: number): void {
  assert.equal(exitCode, expected, `${stdout.slice(-4000)}\n${stderr.slice(-4000)}`)
}

/** Fails where a command with `--json` did not fail with `code`; returns what it said of that, in one line. */
export function assertFailed(result: CliResult, code: string): string {
  const last = documents<{ error?: { code: string; message: string; why?: string } }>(result).at(-1)
  assert.equal(last?.error?.code, code, `${result.stdout.slice(-4000)}\n${result.stderr.slice(-4000)}`)
  assert.notEqual(result.exitCode, 0)
  return [last?.error?.message, last?.error?.why].join(' ')
}
