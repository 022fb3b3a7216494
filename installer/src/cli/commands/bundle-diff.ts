import { bytes } from '../../amounts.ts'
import { defineCommand } from '../command.ts'
import { readTexts } from '../files.ts'
import { jsonLine, safe } from '../format.ts'
import { json, trust } from '../options.ts'

export const bundleDiff = defineCommand({
  command: 'diff <from> <to>',
  describe: 'show what changes from one bundle to another, and what is new to carry',
  builder: (yargs) =>
    yargs
      .positional('from', { type: 'string', demandOption: true, describe: 'bundle that the site has' })
      .positional('to', { type: 'string', demandOption: true, describe: 'bundle that it gets' })
      .options({ trust, json })
      .example(
        '$0 bundle diff cde-0.1.0.bundle cde-0.2.0.bundle --trust vendor.pub',
        'images, chart and files that differ, with the bytes that are new',
      )
      .epilogue('Both signatures are checked.'),
  handler: async ({ from, to, trust, json }) => {
    const { openBundle } = await import('../../stores/bundle/open.ts')
    const { readRelease } = await import('../../stores/bundle/release.ts')
    const { differenceOf } = await import('../../stores/bundle/difference.ts')
    const keys = await readTexts(trust, 'key')
    const a = await openBundle(from, keys)
    try {
      const b = await openBundle(to, keys)
      try {
        const [before, after] = [await readRelease(a), await readRelease(b)]
        const difference = await differenceOf(a, b)
        if (json) {
          const side = (bundle: typeof a, { release, digest }: typeof before) => ({
            path: bundle.path,
            name: release.name,
            version: release.version,
            digest,
            index: bundle.indexDigest,
            size: bundle.size,
            signedBy: bundle.signedBy,
          })
          console.log(jsonLine({ from: side(a, before), to: side(b, after), ...difference }))
          return
        }
        const { artifacts, blobs, carry } = difference
        const marks = { added: '+', removed: '-', changed: '~', same: ' ' }
        const sum = (list: readonly { size: number }[]) => bytes(list.reduce((total, { size }) => total + size, 0))
        const share = carry * 100 < b.size ? 'less than 1' : Math.round((100 * carry) / b.size)
        console.log(
          [
            `${before.release.name} ${before.release.version} -> ${after.release.name} ${after.release.version}`,
            ...artifacts
              .filter(({ change }) => change !== 'same')
              .map(
                (one) =>
                  `${marks[one.change]} ${safe(one.role)} ${safe(one.name)}: ${one.change}${one.change === 'removed' ? '' : `, ${bytes(one.new)} of it new`}`,
              ),
            `unchanged: ${artifacts.filter(({ change }) => change === 'same').length} of ${artifacts.length}`,
            `blobs: ${blobs.added.length} new (${sum(blobs.added)}), ${blobs.removed.length} gone (${sum(blobs.removed)}), ${blobs.kept.length} kept (${sum(blobs.kept)})`,
            `to carry if only the difference is carried: ${bytes(carry)}, ${share} % of ${bytes(b.size)}`,
          ].join('\n'),
        )
      } finally {
        await b.close()
      }
    } finally {
      await a.close()
    }
  },
})
