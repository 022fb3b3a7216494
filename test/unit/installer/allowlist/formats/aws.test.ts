import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aws } from '../../../../../installer/src/allowlist/formats/aws.ts'
import { allowlist, endpoint } from '../../../../fixtures/allowlist.ts'

test('a rule group is what the command takes, with a rule of Suricata for each way in which a name matches', () => {
  const { text } = aws.write(
    allowlist([
      endpoint(),
      endpoint({ host: 'label.example', match: 'label' }),
      endpoint({ host: 'below.example', match: 'below', scheme: 'http', port: 80 }),
      endpoint({ host: 'within.example', match: 'within', scheme: 'ldaps', port: 636 }),
      endpoint({ host: '2001:db8::1', scheme: 'udp', port: 123 }),
    ]),
  )
  const group = JSON.parse(text)
  assert.deepEqual(Object.keys(group), ['RuleGroupName', 'Type', 'Capacity', 'Description', 'RuleGroup'])
  assert.match(group.Description, /^.{1,512}$/)
  assert.deepEqual(
    group.RuleGroup.RulesSource.RulesString.split('\n').filter((line: string) => !line.startsWith('#')),
    [
      'pass tls $HOME_NET any -> $EXTERNAL_NET 443 (tls.sni; content:"example.com"; startswith; endswith; nocase; flow:to_server; sid:1000001;)',
      'pass tls $HOME_NET any -> $EXTERNAL_NET 443 (tls.sni; content:".label.example"; endswith; nocase; pcre:"/^[^.]+\\.label\\.example$/i"; flow:to_server; sid:1000002;)',
      'pass tls $HOME_NET any -> $EXTERNAL_NET 636 (tls.sni; dotprefix; content:".within.example"; endswith; nocase; flow:to_server; sid:1000003;)',
      'pass http $HOME_NET any -> $EXTERNAL_NET 80 (http.host; content:".below.example"; endswith; flow:to_server; sid:1000004;)',
      'pass udp $HOME_NET any -> 2001:db8::1 123 (flow:to_server; sid:1000005;)',
    ],
  )
})

test('a list that no rule group takes is refused whole', () => {
  const long = (at: number) => `h${at}.${'a.'.repeat(100)}example.com`
  const list = allowlist(
    Array.from({ length: 8000 }, (_, at) => endpoint({ id: `long-${at}`, host: long(at), match: 'label' })),
  )
  assert.throws(() => aws.write(list), { code: 'USAGE_ALLOWLIST', why: /2000000/ })
})
