import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answers } from '../../../installer/src/answers/schema.ts'
import type { CheckReport } from '../../../installer/src/checks/report.ts'
import { sealiftExecutable } from '../../lab/demo-sealift.ts'
import type { CheckSite } from './check-site.ts'

/** How `sealift preflight` is run somewhere. */
export interface PreflightRun {
  /** in place of the site's own; undefined takes one away */
  answers?: { [Key in keyof Answers]?: Answers[Key] | undefined }
  environment?: Readonly<Record<string, string>>
  /** address of the name server that this machine asks; the site's own by default */
  nameServer?: string
  /** bytes that the state directory's file system has; that of this machine by default */
  room?: number
}

/** In a mount namespace of its own the program has another /etc/resolv.conf, and a file system of its own where wanted. */
const script = `mount --bind "$1" /etc/resolv.conf
if [ "$2" != 0 ]; then mkdir -p "$3" && mount -t tmpfs -o size="$2" tmpfs "$3"; fi
shift 3
exec "$@"`

/** Where a run keeps its state, which nothing else uses. */
export const stateOf = ({ scratch }: CheckSite, name: string): string => join(scratch, `${name}-state`)

/** Starts `sealift preflight` with more words, as the operator of the site does. */
export async function startPreflight(site: CheckSite, name: string, run: PreflightRun, ...more: string[]) {
  const { scratch, nameServer } = site
  const answers = join(scratch, `${name}.yaml`)
  // JSON is YAML
  await writeFile(answers, JSON.stringify({ ...site.answers, namespace: name, ...run.answers }))
  const resolver = join(scratch, `${name}-resolv.conf`)
  await writeFile(resolver, `nameserver ${run.nameServer ?? nameServer}\n`)
  const state = stateOf(site, name)
  const words = ['preflight', `--answers=${answers}`, `--state=${state}`, ...more]
  const inside = ['sh', '-ec', script, 'sh', resolver, String(run.room ?? 0), state]
  return spawn('unshare', ['--mount', ...inside, await sealiftExecutable(), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...run.environment },
  })
}

/** Runs it to its end; the report that it prints for machines. */
export async function preflight(site: CheckSite, name: string, run: PreflightRun = {}) {
  const child = await startPreflight(site, name, run, '--json')
  const [out, err] = [[], []] as [Buffer[], Buffer[]]
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  const text = Buffer.concat(out).toString()
  if (text === '') throw new Error(`preflight of ${name} ended with ${exitCode}: ${Buffer.concat(err)}`)
  return { exitCode, report: JSON.parse(text) as CheckReport }
}
