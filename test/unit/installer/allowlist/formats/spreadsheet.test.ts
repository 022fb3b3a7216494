import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csv } from '../../../../../installer/src/allowlist/formats/csv.ts'
import { allowlist, endpoint } from '../../../../fixtures/allowlist.ts'

test('no cell of a CSV begins as a formula, and quotes, commas and line ends stay within their cell', () => {
  for (const start of ['=', '+', '-', '@', '\t', '\r', '\n=', ' \t='])
    assert.doesNotMatch(
      csv.write(allowlist([endpoint({ why: `${start}HYPERLINK("https://evil.example","x")`, without: `${start}1,2` })]))
        .text,
      /(^|,|\n)"?\s*[=+\-@\t\r]/,
    )
  const { text } = csv.write(allowlist([endpoint({ why: 'a "quoted", and\r\nbroken word' })]))
  assert.match(text, /"a ""quoted"", and broken word"/)
  assert.equal(text.split('\r\n').length, 3)
})
