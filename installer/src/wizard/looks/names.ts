import { lookup } from 'node:dns/promises'
import { type Lookout, needed, text } from './look.ts'

/** a label below the host of dev URLs that nobody has given to anything */
const below = 'sealift-look'

/** The names, as this machine resolves them. A name that has no address is no fault yet: DNS may follow. */
export const namesLookout: Lookout = {
  reads: ['/host', '/devUrlsHost', '/editorsHost'],
  async run({ draft, signal, fact }) {
    const host = needed(draft, '/host')
    const devUrls = text(draft, '/devUrlsHost')
    const names = [host, devUrls && `${below}.${devUrls}`, text(draft, '/editorsHost')].filter(
      (name) => name !== undefined,
    )
    const found = await Promise.all(names.map((name) => addressesOf(name)))
    signal.throwIfAborted()
    for (const [i, name] of names.entries()) {
      const shown = name.startsWith(`${below}.`) ? `*.${devUrls}` : name
      fact(shown, found[i]?.join(', ') || 'has no address here: an entry in DNS is needed', found[i]?.length === 0)
    }
    const [first, ...others] = found
    if (first?.length && others.some((one) => one.length > 0 && !one.some((address) => first.includes(address))))
      fact('together', 'the names lead to different addresses; all of them belong to the ingress', true)
  },
}

const addressesOf = (name: string): Promise<string[]> =>
  lookup(name, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  )
