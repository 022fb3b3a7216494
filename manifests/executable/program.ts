import { join } from 'node:path'
import { build } from 'esbuild'
import { optional } from '../images/bundle-service.ts'
import { bundledFolders } from '../sbom/npm.ts'
import { wizardPages } from './wizard-pages.ts'

const root = join(import.meta.dirname, '../..')
const installer = join(root, 'installer/src')

/** What becomes part of Node: paths are those of files in one directory. */
export interface Program {
  main: string
  /** files that the program reads with `getAsset` of node:sea, by name */
  assets: Readonly<Record<string, string>>
  /** folders of the npm packages that are in it */
  packages: readonly string[]
  /** comments about licenses that stood in the sources */
  legal: string
}

/**
 * Bundles the command line interface into a directory. The same sources give the same bytes, wherever the checkout is.
 */
export async function bundleProgram(directory: string): Promise<Program> {
  const { metafile } = await build({
    entryPoints: {
      sealift: join(installer, 'cli/executable.ts'),
      // a thread starts from text
      'hash-worker': join(installer, 'stores/bundle/hash-worker.ts'),
    },
    outdir: directory,
    // names of modules in the text are relative to it
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node26',
    // Node keeps a code cache for CommonJS only: without one, compiling is most of what starting takes
    format: 'cjs',
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': 'importMetaUrl' },
    supported: { 'dynamic-import': false },
    mainFields: ['module', 'main'],
    // esbuild builds the wizard's pages in a checkout; here they are assets
    external: [...optional, 'esbuild'],
    // half the text to load at each start; names stay, for stack traces
    minifySyntax: true,
    minifyWhitespace: true,
    // one letter that is not ASCII, in the name of an author, and V8 keeps all of the text in two bytes a letter
    legalComments: 'external',
    alias: { 'string-width': join(import.meta.dirname, 'string-width.ts') },
    metafile: true,
    logLevel: 'silent',
  })
  const main = join(directory, 'sealift.js')
  const pages = await wizardPages(directory)
  return {
    main,
    assets: { 'hash-worker.js': join(directory, 'hash-worker.js'), ...pages.assets },
    packages: [...new Set([...(await bundledFolders(metafile, root)), ...pages.packages])].sort(),
    legal: `${main}.LEGAL.txt`,
  }
}
