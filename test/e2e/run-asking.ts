import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { sealiftExecutable } from '../lab/demo-sealift.ts'

/** In a mount namespace of its own the program has another /etc/resolv.conf. */
const script = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'

/** Runs the executable to its end, as on a machine that asks this name server; `directory` is for a file meanwhile. */
export async function runAsking(nameServer: string, directory: string, words: readonly string[]) {
  const scratch = await mkdtemp(join(directory, 'asking-'))
  try {
    const resolver = join(scratch, 'resolv.conf')
    await writeFile(resolver, `nameserver ${nameServer}\n`)
    const command = ['--mount', 'sh', '-ec', script, 'sh', resolver, await sealiftExecutable(), ...words]
    const child = spawn('unshare', command, { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
    const [exitCode, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
    return { exitCode, stdout, stderr }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
