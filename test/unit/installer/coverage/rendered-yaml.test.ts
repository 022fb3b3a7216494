import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderedObjects } from '../../../../installer/src/coverage/rendered-yaml.ts'

test('YAML means what it means to Helm: octal modes, yes and on, merged maps; times and base 60 are text', () => {
  const text = `
apiVersion: v1
kind: Thing
mode: 0440
quoted: "0440"
on: [on, No, y, "yes"]
big: 1_000
base60: 190:20:30
time: 2020-01-01T00:00:00Z
binary: !!binary aGk=
base: &base {a: 1, b: 2}
merged: {<<: *base, b: 3}
`
  const [{ apiVersion: _, kind: __, ...thing } = {} as never] = renderedObjects(text)
  // as `fromYaml … | toJson` of Helm 4.1.4 writes it, but for !!binary
  assert.deepEqual(JSON.parse(JSON.stringify(thing)), {
    mode: 288,
    quoted: '0440',
    true: [true, false, true, 'yes'],
    big: 1000,
    base60: '190:20:30',
    time: '2020-01-01T00:00:00Z',
    binary: 'aGk=',
    base: { a: 1, b: 2 },
    merged: { a: 1, b: 3 },
  })
})
