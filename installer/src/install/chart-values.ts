import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { atSite } from '@sealift/bundle-spec/site.ts'
import { exemptOf } from '../allowlist/exempt.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { type Part, sizesFor } from '../answers/sizes.ts'
import { parseImageName } from '../coverage/reference.ts'
import { galleryPath } from '../serve/gallery/route.ts'

/** Names of the Secrets that the installer makes before the chart is installed. */
export const secretNames = {
  license: 'cde-license',
  tls: 'cde-tls',
  ca: 'cde-ca',
  registry: 'cde-registry',
  database: 'cde-database',
  proxy: 'cde-proxy',
} as const

type Values = { [key: string]: unknown }

/**
 * The chart values that answers and a release decide, with the site's own `values` put in. Pure. Images are named by
 * digest alone. `hasCa` says whether the site's certificate has a CA of its own to trust; `registryCa` is that (PEM) which
 * signed the registry's certificate, where the answers name it.
 * @throws SealiftError USAGE_ANSWERS where `values` sets what another answer decides
 */
export function chartValues(
  answers: CompleteAnswers,
  release: Pick<Release, 'images' | 'licenseKeys' | 'extensions'>,
  hasCa: boolean,
  registryCa?: string,
): Values {
  const { registry } = answers
  assertOwnMajor(answers.values)
  const { manager, envproxy, dashboard, ingress } = replicasOf(answers)
  const editors = {
    ...(answers.editorsHost ? { host: answers.editorsHost } : {}),
    ...servedGallery(answers, release, registryCa),
  }
  const decided: Values = {
    mode: answers.mode,
    image: { registry: registry.address },
    images: Object.fromEntries(
      release.images.map((image) => [
        image.name,
        { repository: atSite(vendorRepository(image.reference), '').slice(1), tag: '', digest: image.digest },
      ]),
    ),
    imagePullSecrets: registry.username === undefined ? [] : [secretNames.registry],
    license: { secretName: secretNames.license, keys: release.licenseKeys.join('\n') },
    serviceType: answers.serviceType,
    ingress: {
      host: answers.host,
      tls: { enabled: true, hostSecretName: secretNames.tls },
      ...(ingress ? { controller: { replicas: ingress } } : {}),
    },
    manager: { accessURL: `https://${answers.host}`, ...(manager ? { replicas: manager } : {}) },
    ...(envproxy ? { envproxy: { replicas: envproxy } } : {}),
    ...(dashboard ? { dashboard: { replicas: dashboard } } : {}),
    ...(answers.database ? { postgres: externalDatabase(answers.database) } : {}),
    ...(answers.proxy ? { proxy: forwardProxy(answers, release) } : {}),
    ...(answers.devUrlsHost ? { devurls: { host: answers.devUrlsHost } } : {}),
    ...(Object.keys(editors).length > 0 ? { editors } : {}),
    ...(answers.storageClass ? { storageClassName: answers.storageClass } : {}),
    ...(hasCa ? { certs: { secret: secretNames.ca } } : {}),
  }
  return merged(decided, answers.values ?? {}, [])
}

/** The major version of PostgreSQL comes with a release: kept by a site, or not looked after, it would start on an empty volume. */
function assertOwnMajor(values: Values | undefined): void {
  const postgres = values?.postgres
  const name = isValues(postgres) && ['major', 'isPlan'].find((one) => postgres[one] !== undefined)
  if (!name) return
  throw new SealiftError('USAGE_ANSWERS', `values.postgres.${name} is decided by the release`, {
    fix: 'remove it from values',
  })
}

/** Pods by part: those that are said, else those that follow from the people; a part of which neither says anything has no number. */
function replicasOf({ people, replicas }: CompleteAnswers): Partial<Record<Part, number>> {
  const sizes = people === undefined ? [] : sizesFor(people)
  return { ...Object.fromEntries(sizes.map((size) => [size.part, size.replicas])), ...replicas }
}

/** The registries in which the vendor publishes the images of a release: `host[:port]`. */
export const publishedAt = ({ images }: Pick<Release, 'images'>): string[] =>
  images.map(({ reference }) => vendorRepository(reference).split('/', 1)[0] as string)

/** URLs without the login, which pods get out of a Secret. */
function forwardProxy(answers: CompleteAnswers, release: Pick<Release, 'images'>): Values {
  const { loginFile, caFile, ...urls } = answers.proxy ?? {}
  return {
    ...urls,
    exempt: exemptOf({ answers, published: publishedAt(release) }),
    ...(loginFile === undefined ? {} : { loginSecret: secretNames.proxy }),
    ...(caFile === undefined ? {} : { caSecret: secretNames.proxy }),
  }
}

/**
 * The gallery of editors, where `sealift serve` offers extensions of the release at the registry's own address, and the site
 * names no other one. Whether pods reach it and trust it is what the check `pod-registry` looks at.
 */
function servedGallery(
  { registry: { kind, address, plainHttp }, values }: CompleteAnswers,
  { extensions = [] }: Pick<Release, 'extensions'>,
  ca: string | undefined,
): Values {
  const own = isValues(values?.editors) ? values.editors : {}
  const isServed = kind === 'serve' && !plainHttp && !address.includes('/') && extensions.length > 0
  if (!isServed || own.gallery !== undefined || own.galleryCA !== undefined) return {}
  const certificates = ca?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return {
    gallery: `https://${address}${galleryPath}`,
    ...(certificates.length === 0 ? {} : { galleryCA: `${certificates.join('\n')}\n` }),
  }
}

const externalDatabase = ({ passwordFile: _, caFile, ...where }: NonNullable<CompleteAnswers['database']>): Values => ({
  ...where,
  useDefault: false,
  passwordSecret: secretNames.database,
  ...(caFile === undefined ? {} : { caSecret: secretNames.database }),
})

/** Under which repository the site has an image of the release. */
export const siteRepository = (reference: string, registry: string): string =>
  atSite(vendorRepository(reference), registry)

/** Under which repository the vendor publishes an image of the release. @throws SealiftError BUNDLE_RELEASE */
export function vendorRepository(reference: string): string {
  const name = parseImageName(reference)
  if (!name) throw new SealiftError('BUNDLE_RELEASE', `the release names an image that is not one: ${reference}`)
  return name.repository
}

/** Adds values without changing any that is decided. */
function merged(decided: Values, extra: Values, path: string[]): Values {
  const result: Values = { ...decided }
  for (const [key, value] of Object.entries(extra)) {
    const there = result[key]
    if (there === undefined) result[key] = value
    else if (isValues(there) && isValues(value)) result[key] = merged(there, value, [...path, key])
    else if (JSON.stringify(there) !== JSON.stringify(value))
      throw new SealiftError('USAGE_ANSWERS', `values.${[...path, key].join('.')} is decided by other answers`, {
        fix: 'remove it from values, and change the answer that decides it',
      })
  }
  return result
}

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
