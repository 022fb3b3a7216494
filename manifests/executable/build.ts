import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { optional } from '../images/bundle-service.ts'
import { cacheDirectory, makeFile } from '../images/cache.ts'
import { withoutLibatomic } from './without-libatomic.ts'

const installer = join(import.meta.dirname, '../../installer/src')

/**
 * Makes the single executable `sealift` for this platform: the command line interface as one file inside Node
 * (nodejs.org/api/single-executable-applications.html), and beside it the licenses of what is in it. Returns its path in
 * the cache; the same sources are not built twice.
 */
export async function buildExecutable(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-executable-'))
  try {
    await build({
      entryPoints: {
        sealift: join(installer, 'cli/executable.ts'),
        // a thread starts from text
        'hash-worker': join(installer, 'stores/bundle/hash-worker.ts'),
      },
      outdir: directory,
      bundle: true,
      platform: 'node',
      target: 'node26',
      // Node keeps a code cache for CommonJS only: without one, compiling is most of what starting takes
      format: 'cjs',
      banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
      define: { 'import.meta.url': 'importMetaUrl' },
      supported: { 'dynamic-import': false },
      mainFields: ['module', 'main'],
      external: [...optional],
      // half the text to load at each start; names stay, for stack traces
      minifySyntax: true,
      minifyWhitespace: true,
      // one letter that is not ASCII, in the name of an author, and V8 keeps all of the text in two bytes a letter
      legalComments: 'external',
      alias: { 'string-width': join(import.meta.dirname, 'string-width.ts') },
      logLevel: 'silent',
    })
    const [main, thread] = [join(directory, 'sealift.js'), join(directory, 'hash-worker.js')]
    const settings = {
      mainFormat: 'commonjs',
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      // NODE_OPTIONS of whoever calls it is not meant for this program
      execArgvExtension: 'none',
    }
    const hash = createHash('sha256').update(process.version).update(JSON.stringify(settings))
    const editors = ['elf.ts', 'without-libatomic.ts'].map((name) => join(import.meta.dirname, name))
    for (const file of [main, thread, ...editors]) hash.update(await readFile(file))
    const path = join(cacheDirectory(), 'executable', hash.digest('hex').slice(0, 16), 'sealift')
    if (!existsSync(path)) {
      await makeFile(`${path}.LEGAL.txt`, (copy) => copyFile(`${main}.LEGAL.txt`, copy))
      await makeFile(path, async (output) => {
        const [config, executable] = [join(directory, 'sea.json'), join(directory, 'node')]
        // before Node puts the program into it: what is written behind its end afterwards stays as it is
        await writeFile(executable, withoutLibatomic(await readFile(process.execPath)))
        const assets = { 'hash-worker.js': thread }
        await writeFile(config, JSON.stringify({ main, output, executable, assets, ...settings }))
        await promisify(execFile)(process.execPath, ['--build-sea', config])
        await chmod(output, 0o755)
      })
    }
    await keepNewest(dirname(dirname(path)), dirname(path))
    return path
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Executables that are kept: each has 150 MB, and every change of the sources makes another. */
const kept = 3

/** Marks a directory as used now, and removes those that were not used for the longest time, half-made ones included. */
async function keepNewest(cache: string, used: string): Promise<void> {
  const now = new Date()
  await utimes(used, now, now)
  // another build may be at the same work
  const age = async (name: string) => {
    const path = join(cache, name)
    return { path, at: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 }
  }
  const all = await Promise.all((await readdir(cache)).map(age))
  for (const { path } of all.sort((a, b) => b.at - a.at).slice(kept)) await rm(path, { recursive: true, force: true })
}
