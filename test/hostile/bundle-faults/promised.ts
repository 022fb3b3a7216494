import { mediaTypes, type Role } from '@sealift/bundle-spec/descriptor.ts'
import type { Drop, Loose, Take } from '../../fixtures/reseal.ts'
import { both, entry, entryOf, extension, type Fault, index, manager, managerOf, refName, release } from './change.ts'

const nowhere = `sha256:${'a'.repeat(64)}`
const host = 'registry.sealift.example/cde'

/** What has a role once more, under other annotations. */
const again = (role: Role, annotations: object, more: object = {}) =>
  entry(role, (one, { manifests }) => {
    manifests.push({ ...one, ...more, annotations: { ...one.annotations, ...annotations } })
  })
/** A bundle without what has a role; what nothing else uses goes too. */
const without = (role: Role) =>
  index((old, _, take, drop) => {
    const one = entryOf(old, role)
    old.manifests = old.manifests.filter((other: Loose) => other !== one)
    dropContent(take(one.digest), take, drop)
  })
function dropContent({ config, layers }: Loose, _: Take, drop: Drop): void {
  if (config.mediaType !== mediaTypes.empty) drop(config.digest)
  for (const { digest } of layers) drop(digest)
}
const imageNamed = ({ images }: Loose, name: string): Loose => images.find((one: Loose) => one.name === name)

/** The manager, under a name that index and release agree on. */
const imageAs = (reference: string): Fault[3] =>
  both(
    manager(({ annotations }) => ({
      annotations: { ...annotations, [refName]: reference, 'io.containerd.image.name': reference },
    })),
    release((one) => {
      imageNamed(one, 'manager').reference = reference
    }),
  )

const rows: [what: string, spoil: Fault[3]][] = [
  [
    'another image than the release names',
    index((old, put, take) => {
      const manager = managerOf(old)
      Object.assign(manager, put({ ...take(manager.digest), annotations: { another: 'one' } }))
    }),
  ],
  [
    'a release that names the digest of another image',
    release((one) => {
      imageNamed(one, 'manager').digest = imageNamed(one, 'workspace').digest
    }),
  ],
  [
    'two images that have changed names',
    release((one) => {
      const [a, b] = [imageNamed(one, 'manager'), imageNamed(one, 'workspace')]
      ;[a.digest, b.digest] = [b.digest, a.digest]
    }),
  ],
  [
    'an image under another name than the release gives it',
    manager(({ annotations }) => ({ annotations: { ...annotations, [refName]: `${host}/manager:other` } })),
  ],
  ['an image without a host', imageAs('cde/manager:0.1.0')],
  ['an image without a tag', imageAs(`${host}/manager`)],
  ['an image in a repository that none can be', imageAs(`${host}/Manager:0.1.0`)],
  [
    'an image that the release does not name',
    again('image', { [refName]: `${host}/more:1`, 'dev.sealift.name': 'more' }),
  ],
  ['an image twice', again('image', { [refName]: `${host}/more:1` })],
  [
    'an image less than the release names',
    manager(({ annotations }) => ({ annotations: { ...annotations, 'dev.sealift.role': 'referrer' } })),
  ],
  [
    'a release that names an image that is not there',
    release(({ images }) => images.push({ ...images[0], name: 'more', reference: `${host}/more:1`, digest: nowhere })),
  ],
  ['a release that names an image twice', release(({ images }) => images.push({ ...images[0] }))],
  [
    'a release that names a file that is not there',
    release(({ files }) => files.push({ name: 'more', digest: nowhere })),
  ],
  [
    'a release that names another file',
    release(({ files }) => {
      files[0].digest = nowhere
    }),
  ],
  ['a bundle without the file that its release names', without('file')],
  [
    'a file that the release does not name',
    again('file', { [refName]: `${host}/files/more:1`, 'dev.sealift.name': 'more' }),
  ],
  [
    'a release that names an extension that is not there',
    release((one) => {
      one.extensions = [{ publisher: 'acme', name: 'hello', version: '1.2.3', engine: '*', digest: nowhere }]
    }),
  ],
  [
    'an extension in another version than the release names',
    async (site) => {
      await extension(() => {})(site)
      await release(({ extensions }) => {
        extensions[0].version = '1.2.4'
      })(site)
    },
  ],
  [
    'an extension that the release does not name',
    async (site) => {
      await extension(() => {})(site)
      await release((one) => {
        delete one.extensions
      })(site)
    },
  ],
  ['a bundle without a chart', without('chart')],
  [
    'a release that names another chart',
    release(({ chart }) => {
      chart.digest = nowhere
    }),
  ],
  [
    'a release that names its chart otherwise',
    release(({ chart }) => {
      chart.reference = `${host}/charts/cde:0.1.1`
    }),
  ],
  ['two charts of one name', again('chart', { [refName]: `${host}/charts/x:1` })],
  ['two charts', again('chart', { [refName]: `${host}/charts/x:1`, 'dev.sealift.name': 'more' })],
  ['a bundle without a release', without('release')],
  ['two releases', again('release', { [refName]: `${host}/more:1`, 'dev.sealift.name': 'more' })],
  [
    'a release under another name than its own',
    entry('release', ({ annotations }) => {
      annotations['dev.sealift.name'] = 'more'
    }),
  ],
  [
    'a release under a tag',
    entry('release', ({ annotations }) => {
      annotations[refName] = `${host}/charts/cde/release:more`
    }),
  ],
  [
    'something about an image under the name of the release itself',
    again('image', { [refName]: `${host}/charts/cde/release:0.1.0`, 'dev.sealift.role': 'referrer' }),
  ],
  ['something about an image that the release does not name', again('image', about({ 'dev.sealift.name': 'more' }))],
  ['a kind of artifact that nobody knows', again('image', about({ 'dev.sealift.role': 'plugin' }))],
  ['a kind of artifact that every object has', again('image', about({ 'dev.sealift.role': 'constructor' }))],
  [
    'an image that containerd would name otherwise',
    manager(({ annotations }) => ({
      annotations: { ...annotations, 'io.containerd.image.name': `${host}/workspace:0.1.0` },
    })),
  ],
  [
    'a file that containerd would take for an image',
    entry('file', ({ annotations }) => {
      annotations['io.containerd.image.name'] = `${host}/manager:0.1.0`
    }),
  ],
]

function about(annotations: object): object {
  return { [refName]: `${host}/manager:more`, 'dev.sealift.role': 'referrer', ...annotations }
}

/** A bundle that has something else than its release names. */
export const ofPromises: Fault[] = rows.map(([what, spoil]) => [what, 'index', 'BUNDLE_RELEASE', spoil])
