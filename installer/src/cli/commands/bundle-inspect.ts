import { bytes } from '../../amounts.ts'
import { defineCommand } from '../command.ts'
import { readTexts } from '../files.ts'
import { jsonLine, safe } from '../format.ts'
import { json, trust } from '../options.ts'

export const bundleInspect = defineCommand({
  command: 'inspect <bundle>',
  describe: 'show what a bundle holds, and how large each part is',
  builder: (yargs) =>
    yargs
      .positional('bundle', { type: 'string', demandOption: true, describe: 'bundle file, or the name of its parts' })
      .options({ trust, json })
      .example(
        '$0 bundle inspect cde-0.1.0.bundle --trust vendor.pub',
        'images, chart and files with their layers, sizes and digests',
      )
      .epilogue('The signature is checked and every document is proven; bundle verify proves the rest too.'),
  handler: async ({ bundle: path, trust, json }) => {
    const { openBundle } = await import('../../stores/bundle/open.ts')
    const { readRelease } = await import('../../stores/bundle/release.ts')
    const { contentsOf } = await import('../../stores/bundle/contents.ts')
    const bundle = await openBundle(path, await readTexts(trust, 'key'))
    try {
      const { release, digest } = await readRelease(bundle)
      const contents = await contentsOf(bundle)
      const parts = bundle.file.parts.map(({ path, size, digest }) => ({ path, size, digest }))
      const { size, signedBy, indexDigest: index } = bundle
      if (json) {
        const { artifacts, blobs, size: content, unshared } = contents
        console.log(
          jsonLine({
            path,
            size,
            parts,
            signedBy,
            digest,
            index,
            release,
            blobs,
            content,
            unshared,
            contents: artifacts,
          }),
        )
        return
      }
      const { contentsTree } = await import('../contents-tree.ts')
      const inParts = parts.length > 1 ? ` in ${parts.length} parts` : ''
      console.log(
        [
          `${release.name} ${release.version}  ${release.platforms.join(', ')}  Kubernetes ${release.minimumKubernetes} or newer`,
          `created    ${safe(release.created)}`,
          ...(release.upgradesFrom === undefined ? [] : [`upgrades   ${safe(release.upgradesFrom)}`]),
          ...(release.noWayBack === undefined ? [] : [`no way back: ${safe(release.noWayBack)}`]),
          `size       ${bytes(size)}${inParts}: ${contents.blobs} blobs; ${bytes(contents.unshared)} if nothing was shared`,
          `signed by  ${signedBy}`,
          `index      ${index}`,
          ...contentsTree(contents),
        ].join('\n'),
      )
    } finally {
      await bundle.close()
    }
  },
})
