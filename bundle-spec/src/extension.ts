import Type from 'typebox'
import { annotations, type Descriptor } from './descriptor.ts'
import { childrenOf } from './document.ts'

/** A publisher's or an extension's name: the editor's rule, without a hyphen at the end, which no repository can have. */
export const ExtensionName = Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$' })
/** Of an extension, as the editor compares it: semver without build metadata. */
export const ExtensionVersion = Type.String({
  pattern: '^[0-9]{1,9}\\.[0-9]{1,9}\\.[0-9]{1,9}(-[0-9A-Za-z-]{1,20}(\\.[0-9A-Za-z-]{1,20}){0,4})?$',
})
/** A range of versions of the editor's API, such as `^1.90.0` or `*`. */
export const ExtensionEngine = Type.String({ pattern: '^[0-9A-Za-z.^~<>=*| -]{1,64}$' })
/** Systems that an extension can be made for (vsce, "Platform-specific extensions"); one for all of them names none. */
export const ExtensionPlatform = Type.Enum([
  'win32-x64',
  'win32-arm64',
  'linux-x64',
  'linux-arm64',
  'linux-armhf',
  'alpine-x64',
  'alpine-arm64',
  'darwin-x64',
  'darwin-arm64',
  'web',
])

/** An extension of editors (VSIX), as its own manifest describes it. docs/extensions.md */
export const ReleaseExtension = Type.Object(
  {
    publisher: ExtensionName,
    name: ExtensionName,
    version: ExtensionVersion,
    targetPlatform: Type.Optional(ExtensionPlatform),
    displayName: Type.Optional(Type.String({ maxLength: 256 })),
    description: Type.Optional(Type.String({ maxLength: 1024 })),
    engine: ExtensionEngine,
    digest: Type.String({
      pattern: '^sha256:[0-9a-f]{64}$',
      description: 'of the artifact manifest that holds the VSIX',
    }),
  },
  { additionalProperties: false },
)
export type ReleaseExtension = Type.Static<typeof ReleaseExtension>

/** What identifies an extension to editors, which take upper and lower case for the same: `publisher.name` in lower case. */
export const extensionId = ({ publisher, name }: Pick<ReleaseExtension, 'publisher' | 'name'>): string =>
  `${publisher}.${name}`.toLowerCase()

/** The name of its artifact: `publisher.name@version`, and the system that it is made for. No two of a release share it. */
export const extensionArtifact = (
  extension: Pick<ReleaseExtension, 'publisher' | 'name' | 'version' | 'targetPlatform'>,
): string => [`${extensionId(extension)}@${extension.version}`, extension.targetPlatform].filter(Boolean).join('@')

/** Titles of the layers of its artifact: the VSIX, and what was taken out of it, so that whoever shows it opens no archive. */
export const extensionParts = ['vsix', 'manifest', 'readme', 'icon.png', 'icon.jpg'] as const
export type ExtensionPart = (typeof extensionParts)[number]

/**
 * The layers of an extension's artifact by title.
 * @throws SealiftError BUNDLE_DOCUMENT, BUNDLE_DESCRIPTOR, BUNDLE_JSON
 */
export function partsOfExtension(manifest: Descriptor, bytes: Uint8Array): Partial<Record<ExtensionPart, Descriptor>> {
  const layers = childrenOf(manifest, bytes).slice(1)
  return Object.fromEntries(
    extensionParts.flatMap((part) => {
      const layer = layers.find((one) => one.annotations?.[annotations.title] === part)
      return layer ? [[part, layer]] : []
    }),
  )
}
