import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import type { ExtensionPart } from '@sealift/bundle-spec/extension.ts'
import type { Offered } from './gallery.ts'

/** A file of an extension that an editor asks for by itself, under the name that it gives it (VS Code, `AssetType`). */
interface Asset {
  type: string
  part: ExtensionPart
  contentType: string
}

const assets: readonly Asset[] = [
  { type: 'Microsoft.VisualStudio.Services.VSIXPackage', part: 'vsix', contentType: 'application/octet-stream' },
  { type: 'Microsoft.VisualStudio.Code.Manifest', part: 'manifest', contentType: 'application/json' },
  {
    type: 'Microsoft.VisualStudio.Services.Content.Details',
    part: 'readme',
    contentType: 'text/markdown; charset=utf-8',
  },
  { type: 'Microsoft.VisualStudio.Services.Icons.Default', part: 'icon.png', contentType: 'image/png' },
  { type: 'Microsoft.VisualStudio.Services.Icons.Default', part: 'icon.jpg', contentType: 'image/jpeg' },
]

/** The type of the VSIX itself. */
export const vsixAsset = (assets[0] as Asset).type

/** Types of the files that an extension has. */
export const assetsOf = ({ parts }: Offered): string[] =>
  assets.filter(({ part }) => parts[part]).map(({ type }) => type)

/** The file of a type, if the extension has it. */
export function assetOf({ parts }: Offered, type: string): { descriptor: Descriptor; contentType: string } | undefined {
  for (const asset of assets) {
    const descriptor = asset.type === type ? parts[asset.part] : undefined
    if (descriptor) return { descriptor, contentType: asset.contentType }
  }
  return undefined
}
