import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'

/**
 * Builds the dashboard's web files into `directory`: index.html, and assets/ with a hash in each name, so that browsers
 * may keep them forever. Everything is bundled: the pages load nothing from another host. Same sources, same bytes.
 * Returns what they were made of, with paths relative to `workingDirectory`.
 */
export async function buildDashboard(directory: string): Promise<{ metafile: Metafile; workingDirectory: string }> {
  const source = fileURLToPath(new URL('.', import.meta.url))
  const { metafile } = await build({
    entryPoints: { main: join(source, 'main.tsx'), icon: join(source, 'static/icon.svg') },
    outdir: join(directory, 'assets'),
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    jsx: 'automatic',
    minify: true,
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.svg': 'copy' },
    absWorkingDir: source,
    metafile: true,
    logLevel: 'silent',
  })
  const built = Object.keys(metafile.outputs).map((path) => basename(path))
  const asset = (name: RegExp): string => {
    const found = built.find((one) => name.test(one))
    if (found === undefined) throw new Error(`the build made no ${name.source}`)
    return `/assets/${found}`
  }
  const page = (await readFile(join(source, 'index.html'), 'utf8'))
    .replace('%SCRIPT%', asset(/^main-.*\.js$/))
    .replace('%STYLE%', asset(/^main-.*\.css$/))
    .replace('%ICON%', asset(/^icon-.*\.svg$/))
  await writeFile(join(directory, 'index.html'), page)
  return { metafile, workingDirectory: source }
}
