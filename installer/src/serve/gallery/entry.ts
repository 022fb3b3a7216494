import { assetsOf } from './assets.ts'
import { type GalleryExtension, type Offered, uuidOf } from './gallery.ts'
import { galleryPath } from './route.ts'

/**
 * An extension as editors read it (VS Code, extensionGalleryService.ts, `IRawGalleryExtension`). Fields that only a public
 * gallery could fill are there and empty.
 * @param base the server as the editor reaches it: `https://host:port`
 */
export function entryOf({ id, uuid, offered }: GalleryExtension, latestOnly: boolean, base: string) {
  const [newest] = offered
  const { publisher, name, displayName, description } = newest.extension
  const versions = latestOnly ? offered.filter((one) => one.extension.version === newest.extension.version) : offered
  return {
    extensionId: uuid,
    extensionName: name,
    displayName: displayName ?? id,
    shortDescription: description ?? '',
    publisher: {
      publisherId: uuidOf(publisher.toLowerCase()),
      publisherName: publisher,
      displayName: publisher,
      flags: '',
    },
    flags: '',
    categories: [],
    tags: [],
    statistics: [],
    releaseDate: newest.created,
    publishedDate: newest.created,
    lastUpdated: newest.created,
    versions: versions.map((one) => versionOf(one, base)),
  }
}

function versionOf(offered: Offered, base: string) {
  const { publisher, name, version, targetPlatform, engine } = offered.extension
  const uri = `${base}${galleryPath}/vscode/asset/${publisher}/${name}/${version}`
  return {
    version,
    ...(targetPlatform === undefined ? {} : { targetPlatform }),
    lastUpdated: offered.created,
    assetUri: uri,
    fallbackAssetUri: uri,
    files: assetsOf(offered).map((assetType) => ({
      assetType,
      source: `${uri}/${assetType}${targetPlatform === undefined ? '' : `?targetPlatform=${targetPlatform}`}`,
    })),
    properties: [
      { key: 'Microsoft.VisualStudio.Code.Engine', value: engine },
      // of a public gallery editors take nothing that Microsoft's or Open VSX's key has not signed; here the bundle is signed
      { key: 'PrivateMarketplace', value: 'true' },
    ],
  }
}
