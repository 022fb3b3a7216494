import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peakMemoryOf } from '../bench/process-usage.ts'
import { openEditor } from './demo-editor.ts'
import { type DemoFiles, demoFiles } from './demo-files.ts'
import { sealDemo } from './demo-seal.ts'
import { type CliResult, runSealift, sealift, sealiftExecutable } from './demo-sealift.ts'
import { type Served, startServing } from './demo-serve.ts'
import { type Site, type SiteOptions, siteOf } from './demo-site.ts'
import { steps } from './demo-step.ts'
import { logIn, type Platform } from './demo-user.ts'
import { ensurePackages } from './packages.ts'

export interface DemoOptions extends SiteOptions {
  /** where everything that the demo makes is kept */
  directory: string
  /** lets the progress of the CLI through to this terminal */
  show?: boolean
}

/** What the demo did; times in milliseconds, sizes in bytes. */
export interface DemoSummary {
  site: Site
  files: DemoFiles
  /** host:port of the served registry */
  registry: string
  platform: Platform
  adminPassword: string
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

const host = 'cde.sealift.test'
const devUrlsHost = 'dev.sealift.test'

/** What there is before anything is installed: a sealed bundle that is carried over and served, to a site that trusts it. */
export async function prepareDemo(options: DemoOptions) {
  const files = demoFiles(options.directory)
  const say = steps(options.log, options.show ?? false)
  const { step } = say
  await ensurePackages('lab', 'images', 'registry')

  await step('Build the executable', sealiftExecutable)
  // the site's binaries and the images are built side by side: neither needs the other
  const [site, buildMemory] = await Promise.all([
    step('Bring up the site', () => siteOf(options)),
    sealDemo(files, files.sealed, say),
  ])
  await mkdir(files.bastion, { recursive: true })
  await step('Carry it over', () => copyFile(files.sealed, files.bundle))
  const verified = await step('Verify it', () =>
    sealift(['bundle', 'verify', files.bundle, `--trust=${files.trust}`], say),
  )

  const { serveState: state, bundle, trust } = files
  const serving = { bundle, trust, address: site.bastionAddress, port: site.registryPort, state }
  const served = await step('Serve it straight from the file', () => startServing({ ...serving, license: files.paid }))
  await site.trust(served.registry, served.caFile).catch(async (error) => {
    await served.stop()
    throw error
  })
  return { files, site, served, say, buildMemory, verifyMemory: verified.peakMemory }
}

/**
 * The main job from one end to the other, with the executable as its users run it: seal, verify, carry, serve, be refused with
 * a free license, install with a paid one, log in, create a workspace, run a command in it, open its editor.
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary> {
  const { files, site, served, say, buildMemory, verifyMemory } = await prepareDemo(options)
  const { step } = say
  try {
    await writeAnswers(files, files.free, site, served)
    const refused = await step('Try to install with a free license', () => install(files, false))
    if (refused.exitCode !== 4)
      throw new Error(`the free license was not refused: ${refused.exitCode} ${refused.stderr}`)
    say.note(refused.stderr.slice(refused.stderr.indexOf('error')).trim().replaceAll('\n', '\n  '))
    await writeAnswers(files, files.paid, site, served)
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
      platform,
      adminPassword,
      terminal,
      editor,
      sizes: await sizesOf(files),
      times: say.times,
      memory: {
        'bundle build': buildMemory,
        'bundle verify': verifyMemory,
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

/** Writes the answers file of the demo's site. */
export async function writeAnswers(files: DemoFiles, license: string, site: Site, served: Served): Promise<void> {
  const template = await readFile(join(import.meta.dirname, 'demo-answers.yaml'), 'utf8')
  const values: Record<string, string> = {
    ...files,
    license,
    kubeconfig: site.kubeconfig,
    registry: served.registry,
    ca: served.caFile,
    host,
    devUrlsHost,
  }
  await writeFile(
    files.answers,
    template.replace(/\$\{(\w+)\}/g, (_, name: string) => JSON.stringify(values[name])),
  )
}

async function sizesOf({ bundle, trust }: DemoFiles): Promise<DemoSummary['sizes']> {
  const { stdout } = await sealift(['bundle', 'inspect', bundle, `--trust=${trust}`, '--json'])
  const { contents } = JSON.parse(stdout)
  const images = (contents as { role: string; name: string; size: number }[]).filter(({ role }) => role === 'image')
  return { bundle: (await stat(bundle)).size, images: Object.fromEntries(images.map(({ name, size }) => [name, size])) }
}
