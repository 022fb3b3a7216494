import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'

export type Pages = {
  /** bytes by path: index.html, and assets/ with a hash in each name, so that browsers may keep them forever */
  files: Map<string, Uint8Array>
  /** what they were made of, with paths relative to `workingDirectory` */
  metafile: Metafile
  workingDirectory: string
}

/**
 * Builds web pages from `main.tsx` in the directory `source`. Everything is bundled: the pages load nothing from another
 * host, and have no inline script or style. Same sources, same bytes. `title` is that of the tab until a page has its own.
 */
export async function buildPages({ source, title }: { source: string; title: string }): Promise<Pages> {
  const shared = fileURLToPath(new URL('.', import.meta.url))
  const { metafile, outputFiles } = await build({
    entryPoints: { main: join(source, 'main.tsx'), icon: join(shared, 'icon.svg') },
    outdir: join(source, 'assets'),
    write: false,
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
  const files = new Map(outputFiles.map(({ path, contents }) => [`assets/${basename(path)}`, contents]))
  const asset = (name: RegExp): string => {
    const found = [...files.keys()].find((path) => name.test(basename(path)))
    if (found === undefined) throw new Error(`the build made no ${name.source}`)
    return `/${found}`
  }
  const page = (await readFile(join(shared, 'index.html'), 'utf8'))
    .replace('%TITLE%', title)
    .replace('%SCRIPT%', asset(/^main-.*\.js$/))
    .replace('%STYLE%', asset(/^main-.*\.css$/))
    .replace('%ICON%', asset(/^icon-.*\.svg$/))
  files.set('index.html', new TextEncoder().encode(page))
  return { files, metafile, workingDirectory: source }
}
