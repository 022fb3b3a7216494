import { extname } from 'node:path'
import { getAsset, getAssetKeys, isSea } from 'node:sea'

export interface Asset {
  /** of the header Content-Type */
  type: string
  bytes: Uint8Array
}

/** Before the names of the wizard's files among the assets of the single executable. */
export const assetPrefix = 'wizard/'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * The wizard's web files by path: `index.html`, and `assets/` whose names have a hash in them, so that they may be kept
 * forever. The single executable carries them; from a checkout they are built now.
 */
export async function wizardAssets(): Promise<Map<string, Asset>> {
  const files = isSea() ? carried() : (await (await import('./build.ts')).buildWizard()).files
  return new Map([...files].map(([path, bytes]) => [path, { type: typeOf(path), bytes }]))
}

const carried = (): [string, Uint8Array][] =>
  getAssetKeys()
    .filter((key) => key.startsWith(assetPrefix))
    .map((key) => [key.slice(assetPrefix.length), new Uint8Array(getAsset(key))])

function typeOf(path: string): string {
  const type = types[extname(path)]
  if (type === undefined) throw new Error(`the wizard has no type for ${path}`)
  return type
}
