import { stat } from 'node:fs/promises'
import { peakMemoryOf } from '../bench/process-usage.ts'
import { openEditor } from './demo-editor.ts'
import type { DemoFiles } from './demo-files.ts'
import { type GroundOptions, host, startGround, writeAnswers } from './demo-ground.ts'
import { takeBackKept } from './demo-kept.ts'
import { type CliResult, runSealift, sealift } from './demo-sealift.ts'
import type { Served } from './demo-serve.ts'
import type { Site } from './demo-site.ts'
import { steps } from './demo-step.ts'
import { logIn, type Platform, type Workspace } from './demo-user.ts'

export interface DemoOptions extends GroundOptions {
  /** lets the progress of the CLI through to this terminal */
  show?: boolean
}

/** What the demo did; times in milliseconds, sizes in bytes. */
export interface DemoSummary {
  site: Site
  files: DemoFiles
  /** host:port of the served registry */
  registry: string
  served: Served
  platform: Platform
  adminPassword: string
  workspace: Workspace
  /** what the terminal showed */
  terminal: string
  /** address of the editor's page, at an origin of its own */
  editor: string
  sizes: { bundle: number; images: Record<string, number> }
  times: Record<string, number>
  /** peak resident memory in bytes, by command */
  memory: Record<string, number>
  /** Stops what the demo itself started: the served registry. The site stays. */
  stop(): Promise<void>
}

/**
 * The main job from one end to the other, with the executable as its users run it: seal, verify, carry, serve, be refused with
 * a free license, install with a paid one, log in, create a workspace, run a command in it, open its editor.
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary> {
  const say = steps(options.log, options.show ?? false)
  const { step } = say
  const ground = await startGround(options, say)
  const { files, site, served, memory } = ground
  try {
    await takeBackKept(ground, say)
    await writeAnswers(ground, files.free)
    const refused = await step('Try to install with a free license', () => install(files, false))
    if (refused.exitCode !== 4)
      throw new Error(`the free license was not refused: ${refused.exitCode} ${refused.stderr}`)
    say.note(refused.stderr.slice(refused.stderr.indexOf('error')).trim().replaceAll('\n', '\n  '))
    await writeAnswers(ground, files.paid)
    const installed = await step('Install with a paid license', async () => succeeded(await install(files, say.show)))

    const adminPassword = await site.secret('cde', 'cde-admin', 'password')
    const platform = {
      host,
      address: await site.ingressAddress(),
      port: 443,
      ca: await site.secret('cde', 'cde-ca', 'ca.crt'),
    }
    const user = await step('Log in through the ingress', () => logIn(platform, 'admin', adminPassword))
    const workspace = await step('Create a workspace and wait for it', async () => {
      const created = await user.createWorkspace(`demo-${Date.now().toString(36)}`)
      await user.waitForWorkspace(created.id, 180_000)
      return created
    })
    const terminal = await step('Run a command in its terminal', () =>
      user.runInTerminal(workspace.id, 'echo "hello from $(whoami), sum $((20+22))"'),
    )
    await user.close()
    const editor = await step('Open its editor at its own origin', () => openEditor(platform, adminPassword, workspace))
    say.note(`the editor is at ${new URL(editor).origin}`)
    if (!terminal.includes('sum 42')) throw new Error(`the terminal did not answer: ${terminal}`)
    const { registry, stop } = served
    return {
      site,
      files,
      registry,
      served,
      platform,
      adminPassword,
      workspace,
      terminal,
      editor,
      sizes: await sizesOf(files),
      times: say.times,
      memory: {
        ...memory,
        serve: peakMemoryOf(served.pid),
        install: installed.peakMemory,
      },
      stop,
    }
  } catch (error) {
    await served.stop()
    throw error
  }
}

const install = (files: DemoFiles, show: boolean): Promise<CliResult> =>
  runSealift(['install', '--headless', `--answers=${files.answers}`], { show })

function succeeded(result: CliResult): CliResult {
  const { exitCode, stdout, stderr } = result
  if (exitCode !== 0) throw new Error(`sealift install ended with ${exitCode}\n${stdout}${stderr}`)
  return result
}

async function sizesOf({ bundle, trust }: DemoFiles): Promise<DemoSummary['sizes']> {
  const { stdout } = await sealift(['bundle', 'inspect', bundle, `--trust=${trust}`, '--json'])
  const { contents } = JSON.parse(stdout)
  const images = (contents as { role: string; name: string; size: number }[]).filter(({ role }) => role === 'image')
  return { bundle: (await stat(bundle)).size, images: Object.fromEntries(images.map(({ name, size }) => [name, size])) }
}
