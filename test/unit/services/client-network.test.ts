import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientNetwork } from '../../../services/client-network.ts'

for (const [network, spellings] of [
  ['192.0.2.1', ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:0201', '0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1:4711']],
  ['192.0.2.1', ['[::ffff:192.0.2.1]:80', '64:ff9b::c000:201', '64:ff9b::192.0.2.1']],
  [
    '2001:db8:0:0::/64',
    ['2001:db8::', '2001:DB8::1', '2001:0db8:0000:0000:1:2:3:4', '2001:db8:0:0:ffff::', '[2001:db8::9]:1'],
  ],
  ['2001:db8:0:1::/64', ['2001:db8:0:1::', '2001:db8:0:1:a::b']],
  ['0:0:0:0::/64', ['::', '::1', '::1.2.3.4']],
  ['fe80:0:0:0::/64', ['fe80::1%eth0', 'fe80::2']],
  ['unknown', ['', 'x', '1.2.3', '1.2.3.4.5', '2001:db8', '1::2::3', 'unknown', '_hidden', '1.2.3.4, 5.6.7.8']],
] as const)
  test(`all of these are ${network}: ${spellings.join(' ')}`, () => {
    for (const one of spellings) assert.equal(clientNetwork(one), network, one)
  })
