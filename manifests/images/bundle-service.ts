import { build, type Metafile } from 'esbuild'

/** CommonJS packages inside an ES module call `require` for Node's own modules. */
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"

/** Optional native parts that pg, ws and ssh2 look for and do without. */
export const optional = ['pg-native', 'bufferutil', 'utf-8-validate', 'pino-pretty', 'cpu-features', '*/sshcrypto.node']

/**
 * Bundles a service into one ES module for Node 26. The same sources give the same bytes. Returns
 * what it was made of, with paths relative to the working directory.
 */
export async function bundleService(
  entry: string,
  outfile: string,
  external: readonly string[] = [],
): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    mainFields: ['module', 'main'],
    // ssh2 names a file beside its own that only Windows needs
    define: { __dirname: 'import.meta.dirname' },
    banner: { js: requireBanner },
    external: [...optional, ...external],
    metafile: true,
    logLevel: 'silent',
  })
  return metafile
}
