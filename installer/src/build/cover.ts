import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { imageReferences, type RenderedReference } from '../coverage/image-references.ts'
import { proveCoverage } from '../coverage/prove.ts'
import { hostOf, parseImageName } from '../coverage/reference.ts'
import type { ReleaseSource } from './source.ts'

/** Renders a chart with values to one text of YAML documents. */
export type Render = (values: Record<string, unknown>, signal?: AbortSignal) => Promise<string>

/** An image of the release with what it was resolved to. */
export interface Pinned {
  digest: string
  original?: string | undefined
}

export interface Covered {
  /** the coverage report that the release manifest carries */
  report: Release['coverage']
  /** what does not stop the build, but should be looked at */
  warnings: Warning[]
}

export interface Warning {
  code: string
  message: string
  why?: string
  fix?: string
}

/** helms that render at once: each fills a core */
const renders = 2

/**
 * Renders the chart with every values set and finds the images that it names, each with the first place that names it.
 * @throws SealiftError BUILD_RENDERED, BUILD_TEMPLATE, and what `render` throws
 */
export async function renderedImages(
  source: ReleaseSource,
  render: Render,
  signal?: AbortSignal,
): Promise<RenderedReference[]> {
  const hosts = new Set(source.images.flatMap(({ reference }) => hostOf(parseImageName(reference)?.repository ?? '')))
  const sets = await atOnce(renders, source.valuesSets, async ({ name, values }) => {
    try {
      return imageReferences(await render(values, signal), hosts).map(({ reference, from }) => ({
        reference,
        from: `${from}, values set ${name}`,
      }))
    } catch (error) {
      throw ofSet(error, name, source.chart.path)
    }
  })
  const first = new Map<string, RenderedReference>()
  for (const found of sets.flat()) if (!first.has(found.reference)) first.set(found.reference, found)
  return [...first.values()]
}

/** A failure to render, in the words of who builds: which values set of which chart it is, and what to change there. */
function ofSet(error: unknown, set: string, chart: string): unknown {
  if (!(error instanceof SealiftError)) return error
  const { code, message, why, cause } = error
  const where = `${chart}, values set ${set}`
  if (code === 'BUILD_RENDERED')
    return new SealiftError(code, `${message} (${where})`, {
      why,
      fix: `see what it renders: helm template ${chart}`,
      cause,
    })
  if (code !== 'CLUSTER_HELM_TEMPLATE' && code !== 'CLUSTER_HELM_TIME') return error
  return new SealiftError('BUILD_TEMPLATE', `helm cannot render the chart (${where})`, {
    why: code === 'CLUSTER_HELM_TIME' ? message : why,
    fix: /dependenc/.test(why ?? '')
      ? `put them into charts/: helm dependency build ${chart}`
      : `add what is missing to values of ${set} under valuesSets in release.yaml; see it: helm template ${chart}`,
    cause: error,
  })
}

/**
 * Proves that nothing is forgotten: each image that the chart names is pinned. A pinned image that nothing names is a
 * warning: it costs space, but nobody will miss it.
 * @throws SealiftError BUILD_UNCOVERED
 */
export function cover(
  source: ReleaseSource,
  pinned: ReadonlyMap<string, Pinned>,
  rendered: RenderedReference[],
): Covered {
  const images = source.images.map((image) => ({ ...image, ...(pinned.get(image.name) as Pinned) }))
  const { uncovered, unexplained } = proveCoverage(rendered, images)
  const [missing] = uncovered
  if (missing)
    throw new SealiftError(
      'BUILD_UNCOVERED',
      `the chart uses an image that the release does not pin: ${missing.reference}`,
      {
        why: `${missing.from}: ${missing.why}${uncovered.length > 1 ? `; ${uncovered.length - 1} more like it` : ''}`,
        fix: `add it to images in release.yaml: - {name: NAME, reference: ${missing.reference.split('@')[0]}, role: component}`,
      },
    )
  return {
    report: {
      valuesSets: source.valuesSets.map((set) => set.name),
      rendered,
      ...(unexplained.length === 0 ? {} : { unused: unexplained.map(({ name }) => name) }),
    },
    warnings: unexplained.map((image) => ({
      code: 'BUILD_UNEXPLAINED',
      message: `${source.placeOf(image)}: nothing uses the image ${image.name}: ${image.reference}`,
      why: 'no values set renders it, and it has no reason of its own',
      fix: 'remove it, add a values set that turns it on, or give it role: workspace and why: what starts it',
    })),
  }
}
