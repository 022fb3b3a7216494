import { lookup } from 'node:dns/promises'

/** The addresses of a name, as programs of this machine find them, in order; none where there is no such name. */
export const addressesOf = (name: string): Promise<string[]> =>
  lookup(name, { all: true }).then(
    (found) => found.map(({ address }) => address).sort(),
    () => [],
  )
