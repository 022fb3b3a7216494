import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { code } from '../../fixtures/code.ts'

const parse = (text: string | Uint8Array) => parseJson(Buffer.from(text as string), 'the document')
const refused = (text: string | Uint8Array) => assert.throws(() => parse(text), code('BUNDLE_JSON'))

test('plain documents are parsed', () => {
  assert.deepEqual(parse('{"a":[1,{"b":"\\"}{,:"}],"c":null}'), { a: [1, { b: '"}{,:' }], c: null })
  assert.deepEqual(parse('[{"a":1},{"a":2}]'), [{ a: 1 }, { a: 2 }])
})

test('a key that stands twice in one object is refused', () => {
  refused('{"a":1,"a":2}')
  refused('{"x":{"a":1,"b":{},"a":2}}')
  refused('{"a":1, "\\u0061" :2}')
  refused(`{"a":1,"a"${' '.repeat(500)}:2}`)
  refused('{"a":{"b":1,"c":[{"d":":"}]},"a":1}')
  refused('{"7":1,"b":2,"7":3}')
})

test('a string that looks like a key is not one', () => {
  assert.deepEqual(parse('{"a":["b","b"],"c":"a"}'), { a: ['b', 'b'], c: 'a' })
  assert.deepEqual(parse(String.raw`{"a":":","\\":"\\\":","é:":"丸:"}`), { a: ':', '\\': '\\":', 'é:': '丸:' })
})

test('__proto__ is refused as a key', () => {
  refused('{"a":{"__proto__":{}}}')
  refused('{"\\u005f_proto__":{}}')
})

test('nesting beyond the limit is refused', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  parse(deep(limits.jsonDepth))
  refused(deep(limits.jsonDepth + 1))
  refused(deep(1_000_000))
})

test('invalid UTF-8, a byte order mark and broken text are refused', () => {
  refused(Buffer.from([0x22, 0xff, 0x22]))
  refused('\ufeff{}')
  refused('{"a":1')
  refused('')
})

test('a document longer than the limit is refused', () => refused(`"${'x'.repeat(limits.document)}"`))
