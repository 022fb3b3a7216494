import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import semver from 'semver'

/** What decides whether one release can follow another. */
export interface Step {
  /** of the bundle, for errors */
  path: string
  release: Pick<Release, 'name' | 'version' | 'upgradesFrom'>
  releaseDigest: string
}

/** What is installed. */
export interface Start {
  name: string
  version: string
  digest: string
}

/**
 * The way from what is installed to the newest of the given releases: the fewest of them, each of which upgrades the one
 * before it by its `upgradesFrom` (a range of node-semver; pre-releases count). Empty where the newest is installed.
 * @throws SealiftError UPGRADE_PRODUCT, UPGRADE_TWICE, UPGRADE_GAP with what is missing, BUNDLE_OLDER
 */
export function findPath<S extends Step>(start: Start, given: readonly S[]): S[] {
  assertOneProduct(start, given)
  const steps = distinct(given).sort((a, b) => semver.compare(a.release.version, b.release.version))
  const target = steps.at(-1)
  if (target === undefined || target.releaseDigest === start.digest) return []
  const { name, version } = target.release
  if (semver.gt(start.version, version))
    throw new SealiftError(
      'BUNDLE_OLDER',
      `${name} ${start.version} is installed, and the newest bundle is ${version}`,
      {
        why: 'a newer database does not go back by itself',
        fix: `name the bundle of a later release; to take back the last upgrade: sealift rollback`,
      },
    )
  // the same version, sealed anew
  if (semver.eq(start.version, version)) return [target]
  const way = shortest(start.version, steps, target)
  if (way) return way
  throw gap(start, steps, target)
}

/** Breadth first over the releases, in the order of their versions. */
function shortest<S extends Step>(from: string, steps: readonly S[], target: S): S[] | undefined {
  let ways: S[][] = [[]]
  const seen = new Set<S>()
  while (ways.length > 0) {
    const next: S[][] = []
    for (const way of ways) {
      const at = way.at(-1)?.release.version ?? from
      for (const step of steps.filter((one) => !seen.has(one) && upgrades(one, at))) {
        if (step === target) return [...way, step]
        seen.add(step)
        next.push([...way, step])
      }
    }
    ways = next
  }
  return undefined
}

/** Whether a release upgrades a version. Without a range it upgrades all that are older. */
const upgrades = ({ release: { version, upgradesFrom } }: Step, from: string): boolean =>
  semver.gt(version, from) &&
  (upgradesFrom === undefined || semver.satisfies(from, upgradesFrom, { includePrerelease: true }))

/** Says which version would have to be there: the newest release that can be reached, and what the next one begins from. */
function gap({ name, version }: Start, steps: readonly Step[], target: Step): SealiftError {
  // backwards from the target: the oldest given release that leads there
  let first = target
  for (const step of [...steps].reverse()) if (upgrades(first, step.release.version)) first = step
  const range = first.release.upgradesFrom ?? '*'
  const reached = steps.filter((step) => shortest(version, steps, step as never) !== undefined).at(-1)
  const at = reached?.release.version ?? version
  const least = semver.minVersion(range)?.version
  return new SealiftError(
    'UPGRADE_GAP',
    `the bundles lead from ${name} ${at} to no release that ${first.release.version} upgrades`,
    {
      why: `${first.release.version} upgrades ${range}`,
      fix: `ask the vendor for the bundle of a version in ${range}${least === undefined ? '' : ` (${least} is the oldest)`} that upgrades ${at}, and name it too: sealift upgrade THAT ${steps.map(({ path }) => path).join(' ')}`,
    },
  )
}

function assertOneProduct({ name }: Start, given: readonly Step[]): void {
  const other = given.find(({ release }) => release.name !== name)
  if (other)
    throw new SealiftError('UPGRADE_PRODUCT', `${other.path} is of ${other.release.name}, and ${name} is installed`, {
      fix: `name a bundle of ${name}: sealift bundle inspect FILE says what one holds`,
    })
}

/** Each release once. Two contents under one version are no choice for a machine. */
function distinct<S extends Step>(given: readonly S[]): S[] {
  const steps = new Map<string, S>()
  for (const step of given) {
    const there = steps.get(step.release.version)
    if (there && there.releaseDigest !== step.releaseDigest)
      throw new SealiftError(
        'UPGRADE_TWICE',
        `${there.path} and ${step.path} are both ${step.release.version}, and differ`,
        {
          fix: 'name one of the two',
        },
      )
    steps.set(step.release.version, there ?? step)
  }
  return [...steps.values()]
}
