import { ExtensionName, ExtensionVersion } from '@sealift/bundle-spec/extension.ts'
import Value from 'typebox/value'
import { refusal } from '../refusal.ts'
import { vsixAsset } from './assets.ts'

/** Where the gallery is: an Open VSX server, as editors know it, with this in front. */
export const galleryPath = '/gallery'

/** What an editor asks for. */
export type GalleryRoute =
  | { kind: 'query' }
  | { kind: 'latest'; id: string }
  | { kind: 'asset'; id: string; version: string; type: string }

export const isGallery = (path: string): boolean => path === galleryPath || path.startsWith(`${galleryPath}/`)

/**
 * Reads a path of the gallery (VS Code, extensionGalleryManifestService.ts; Open VSX, VSCodeAPI.java). It is decoded once,
 * then each part must be a name or version as it stands.
 * @throws Refusal 404
 */
export function readGalleryRoute(path: string): GalleryRoute {
  const parts = decoded(path.slice(galleryPath.length + 1)).split('/')
  const match = (pattern: string): Record<string, string> | undefined => {
    const words = pattern.split('/')
    const found = words.length === parts.length && words.every((word, i) => named.has(word) || word === parts[i])
    return found ? Object.fromEntries(words.map((word, i) => [word, parts[i] as string])) : undefined
  }
  if (match('vscode/gallery/extensionquery')) return { kind: 'query' }
  const latest = match('vscode/gallery/vscode/P/N/latest') ?? match('vscode/gallery/P/N/latest')
  if (latest) return { kind: 'latest', id: idOf(latest) }
  const asset = match('vscode/asset/P/N/V/T') ?? match('vscode/gallery/publishers/P/vsextensions/N/V/vspackage')
  if (asset) return { kind: 'asset', id: idOf(asset), version: checked('V', asset.V), type: asset.T ?? vsixAsset }
  throw noSuchThing()
}

/** The refusal of what the gallery does not have. */
export const noSuchThing = () => refusal(404, 'UNSUPPORTED', 'the gallery has no such thing')

/** Parts of a path that stand for something: publisher, name, version, type of a file. */
const named: ReadonlySet<string> = new Set(['P', 'N', 'V', 'T'])

const idOf = ({ P, N }: Record<string, string>): string => `${checked('P', P)}.${checked('N', N)}`.toLowerCase()

function checked(word: 'P' | 'N' | 'V', part: string | undefined): string {
  if (Value.Check(word === 'V' ? ExtensionVersion : ExtensionName, part)) return part
  throw noSuchThing()
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw noSuchThing()
  }
}
