import { readAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import type { Said } from './said.ts'

/** What keeps a text from being an address outside of the site that people need. */
export function addressFault(text: string): Said | undefined {
  const address = readAddress(text, {})
  if (typeof address === 'string')
    return { message: address, fix: 'as in https://git.vendor.example or ssh://git.vendor.example' }
  if (address.match === 'exact') return undefined
  return { message: 'it names more than one host', fix: 'name each host that is needed' }
}
