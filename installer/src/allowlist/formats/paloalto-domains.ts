import { isIP } from 'node:net'
import { type HostPattern, normalPatterns } from '@sealift/bundle-spec/host-pattern.ts'
import { defineFormat, type Format, type Rule, sift } from './format.ts'

function lines({ host, match }: HostPattern): string[] {
  return [...(match === 'exact' || match === 'within' ? [`^${host}`] : []), ...(match === 'exact' ? [] : [`*.${host}`])]
}

/**
 * An external dynamic list of type Domain (Palo Alto Networks, "Formatting Guidelines for an External Dynamic List", Domain List):
 * `^x` is x alone, also where the firewall is told to expand a list to subdomains; `*.x` is any number of labels below x.
 * A line is an entry: there are no comments.
 */
export const paloaltoDomains: Format = defineFormat({
  id: 'paloalto-domains',
  title: 'an external dynamic list of domains for Palo Alto Networks',
  cannot: [
    'ports, protocols and paths',
    'one label below a name: * is any number of them',
    'addresses: they have a type of list of their own',
  ],
  write(list) {
    const { said, omitted } = sift(list, ({ host, match }) => {
      if (isIP(host) !== 0) return 'a list of domains has no addresses'
      return match === 'label' ? 'a * stands for any number of labels in a list of domains' : undefined
    })
    return {
      text: normalPatterns(said)
        .flatMap(lines)
        .map((line) => `${line}\n`)
        .join(''),
      omitted,
    }
  },
  read: (text) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line): Rule => {
        const [, mark, host = ''] = /^(\^|\*\.)([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)$/.exec(line) ?? []
        if (mark === undefined) throw new Error(`no domain: ${line}`)
        return { pattern: { host, match: mark === '^' ? 'exact' : 'below' } }
      }),
})
