import { isIP } from 'node:net'
import { type HostPattern, normalPatterns } from '@sealift/bundle-spec/host-pattern.ts'
import { defineFormat, type Format, type Rule, sift } from './format.ts'

const marks: Readonly<Record<HostPattern['match'], readonly string[]>> = {
  exact: [''],
  label: ['^.'],
  below: ['*.'],
  within: ['', '*.'],
}

/**
 * An external dynamic list of type URL (Palo Alto Networks, "Guidelines for URL Category Exceptions"): `^` is exactly one token,
 * `*` one or more; without the final `/` an entry would match longer names, too, where the firewall does not add it by itself.
 */
export const paloaltoUrls: Format = defineFormat({
  id: 'paloalto-urls',
  title: 'an external dynamic list of URLs for Palo Alto Networks',
  cannot: [
    'ports: tie them to the rule by its service',
    'paths of https, where TLS is not opened',
    'anything but http and https',
  ],
  write(list) {
    const { said, omitted } = sift(list, ({ scheme, host }) => {
      if (scheme !== 'https' && scheme !== 'http') return `${scheme} has no URL that the firewall sees`
      return isIP(host) === 6 ? 'IPv6 is not for lists of URLs' : undefined
    })
    const lines = normalPatterns(said).flatMap(({ host, match }) => marks[match].map((mark) => `${mark}${host}/\n`))
    return { text: lines.join(''), omitted }
  },
  read: (text) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line): Rule => {
        const [, token, host = ''] = /^(?:([*^])\.)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\/$/.exec(line) ?? []
        if (host === '') throw new Error(`no URL, or one that matches longer names: ${line}`)
        return { pattern: { host, match: token === undefined ? 'exact' : token === '^' ? 'label' : 'below' } }
      }),
})
