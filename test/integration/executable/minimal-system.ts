import assert from 'node:assert/strict'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ownPlatform, type Platform } from '../../../manifests/executable/platforms.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { run } from '../../lab/command.ts'
import { minimalRoot } from '../../lab/minimal-root.ts'

const machines = {
  'linux-x64': { architecture: 'amd64', emulator: '/usr/bin/qemu-x86_64-static' },
  'linux-arm64': { architecture: 'arm64', emulator: '/usr/bin/qemu-aarch64-static' },
} as const

export interface MinimalSystem {
  root: string
  /** Runs a program of it, by its path in there, and returns what it printed. */
  run(program: string, args: readonly string[], environment?: Record<string, string>): Promise<string>
}

/**
 * The smallest system of a release of Debian, without docs; the processor is emulated where it is not that of this machine.
 * Where it can't be had, the test is skipped with the reason, and fails in CI.
 */
export async function minimalSystem(
  t: TestContext,
  suite: string,
  platform: Platform,
): Promise<MinimalSystem | undefined> {
  const { architecture, emulator } = machines[platform]
  let archive: string
  try {
    assert.equal(process.getuid?.(), 0, 'making a root and changing into it needs root')
    archive = await minimalRoot(suite, architecture)
  } catch (error) {
    if (process.env.CI) throw error
    t.skip(`NOT RUN: no root of ${suite} for ${architecture}: ${(error as Error & { why?: string }).why ?? error}`)
    return undefined
  }
  const root = join(await temporaryDirectory(t), 'root')
  await mkdir(root)
  await run('tar', ['-xf', archive, '-C', root, '--exclude=./dev/*', '--exclude=./usr/share/*'])
  const emulated = platform === ownPlatform() ? [] : ['/emulator']
  if (emulated.length > 0) await copyFile(emulator, join(root, 'emulator'))
  return {
    root,
    run: (program, args, environment = {}) =>
      run('chroot', [root, ...emulated, program, ...args], { environment, timeout: 120_000 }),
  }
}
