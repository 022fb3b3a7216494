import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Bytes } from '@sealift/bundle-spec/store.ts'
import type { ReferringStore } from '../referrers.ts'
import { parseReference } from './reference.ts'

/** By the host in names: `host[:port][/path]` of places that hold copies, best first. */
export type Mirrors = Readonly<Record<string, readonly string[]>>

/** after these a place is left alone until the end: each further try would cost a timeout again */
const gone: ReadonlySet<string> = new Set(['REGISTRY_UNREACHABLE', 'REGISTRY_TIMEOUT', 'REGISTRY_TLS'])

/**
 * A store that reads from mirrors first, in order, then from the host in the name itself. A mirror that cannot be reached,
 * refuses or lacks something is passed over, also in the middle of a blob. Who reads proves the digest, so a mirror need
 * not be trusted with content; it must be with what a tag means: write digests where that matters.
 * @throws SealiftError of the last place, with `why` naming what the mirrors said
 */
export function mirroredStore<T extends ReferringStore>(behind: T, mirrors: Mirrors): T {
  const unavailable = new Set<string>()

  /** The names under which to try, best first; the last is the one given. */
  function placesOf(name: string): { mirror?: string; name: string }[] {
    const { host, path, tag, digest } = parseReference(name)
    // a repository's name has no tag, though it is read as one with `latest`
    const tagged = tag !== undefined && name.split('@')[0]?.endsWith(`:${tag}`)
    const rest = `${path}${tagged ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`
    const own = Object.hasOwn(mirrors, host) ? (mirrors[host] ?? []) : []
    const usable = own.filter((mirror) => !unavailable.has(mirror))
    return [...usable.map((mirror) => ({ mirror, name: `${mirror}/${rest}` })), { name }]
  }

  async function first<R>(
    name: string,
    signal: AbortSignal | undefined,
    work: (name: string) => Promise<R>,
  ): Promise<R> {
    const failures: string[] = []
    for (const place of placesOf(name)) {
      try {
        return await work(place.name)
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof SealiftError)) throw error
        if (place.mirror === undefined) throw failures.length > 0 ? withFailures(error, failures) : error
        passOver(place.mirror, error, failures)
      }
    }
    throw new SealiftError('INTERNAL_DEFECT', 'no place was tried')
  }

  function passOver(mirror: string, error: SealiftError, failures: string[]): void {
    if (gone.has(error.code)) unavailable.add(mirror)
    failures.push(`${mirror}: ${error.message}`)
  }

  return {
    ...behind,
    resolve: (reference, signal) => first(reference, signal, (name) => behind.resolve(name, signal)),
    async has(repository, descriptor, signal) {
      for (const place of placesOf(repository)) {
        const there = await behind.has(place.name, descriptor, signal).catch((error) => {
          if (place.mirror === undefined) throw error
          return false
        })
        if (there) return true
      }
      return false
    },
    async open(repository, descriptor, range, signal): Promise<Bytes> {
      const { start, end } = range ?? { start: 0, end: descriptor.size }
      let at = start
      const failures: string[] = []
      const places = placesOf(repository)
      const openAt = async (): Promise<Bytes> => {
        for (;;) {
          const place = places[0] as (typeof places)[number]
          try {
            const whole = range === undefined && at === 0
            return await behind.open(place.name, descriptor, whole ? undefined : { start: at, end }, signal)
          } catch (error) {
            next(error)
          }
        }
      }
      const next = (error: unknown) => {
        signal?.throwIfAborted()
        if (!(error instanceof SealiftError)) throw error
        const place = places.shift()
        if (place?.mirror === undefined) throw failures.length > 0 ? withFailures(error, failures) : error
        passOver(place.mirror, error, failures)
      }
      const opened = await openAt()
      let bytes = opened
      const all = (async function* () {
        for (; ; bytes = await openAt()) {
          try {
            for await (const chunk of bytes) {
              at += chunk.length
              yield chunk
            }
            return
          } catch (error) {
            next(error)
          }
        }
      })()
      // who sent the last of them: others end before theirs are all there
      return Object.assign(all, { blame: (why: string) => bytes.blame?.(why) })
    },
    async referrers(repository, digest, signal) {
      let answered = false
      for (const place of placesOf(repository)) {
        try {
          const found = await behind.referrers(place.name, digest, signal)
          if (found.length > 0) return found
          // mirrors often leave them out, and say that there are none: ask on
          answered = true
        } catch (error) {
          signal?.throwIfAborted()
          const unreachable = error instanceof SealiftError && gone.has(error.code)
          if (place.mirror === undefined && !(answered && unreachable)) throw error
        }
      }
      return []
    },
  }
}

const withFailures = (error: SealiftError, failures: readonly string[]): SealiftError =>
  new SealiftError(error.code, error.message, {
    why: [error.why, `before that, ${failures.join('; ')}`].filter(Boolean).join('; '),
    fix: error.fix,
    cause: error,
  })
