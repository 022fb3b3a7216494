import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsOn } from '../../../../installer/src/install/runs-on.ts'

test('a node runs images of its own operating system and architecture, word for word', () => {
  const cases: [string, string[], boolean][] = [
    ['linux/amd64', ['linux/amd64'], true],
    ['linux/amd64', ['linux/arm64', 'linux/amd64'], true],
    ['linux/arm64', ['linux/arm64'], true],
    // a node names no variant
    ['linux/arm64', ['linux/arm64/v8'], true],
    ['linux/arm', ['linux/arm/v7'], true],
    ['linux/arm', ['linux/arm'], true],
    // one word is the beginning of the other
    ['linux/arm', ['linux/arm64'], false],
    ['linux/arm64', ['linux/arm'], false],
    ['linux/arm64', ['linux/arm/v7'], false],
    ['linux/mips', ['linux/mips64le'], false],
    ['linux/ppc64', ['linux/ppc64le'], false],
    ['linux/', ['linux/amd64'], false],
    ['windows/amd64', ['linux/amd64'], false],
    ['linux/amd64', [], false],
  ]
  for (const [node, platforms, expected] of cases) {
    const [operatingSystem, architecture] = node.split('/') as [string, string]
    assert.equal(runsOn(platforms, { operatingSystem, architecture }), expected, `${node} for ${platforms}`)
  }
})
