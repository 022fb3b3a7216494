import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRoute } from '../../../../services/envproxy/route.ts'

const path = '/proxy/workspaces/abcde12345/shell'

test('a shell of a workspace is found, its query kept as it came', () => {
  assert.deepEqual(parseRoute(`${path}?id=a%2Fb&cols=80`), {
    workspace: 'abcde12345',
    path,
    port: 26337,
    target: '/shell?id=a%2Fb&cols=80',
  })
  assert.equal(parseRoute(path)?.target, '/shell')
})

for (const [name, target] of Object.entries({
  'a short id': '/proxy/workspaces/abcde1234/shell',
  'a long id': '/proxy/workspaces/abcde123456/shell',
  'an id with capitals': '/proxy/workspaces/ABCDE12345/shell',
  'an id with a dot, which would name another host': '/proxy/workspaces/abcd.12345/shell',
  'an editor, which is at no path of the site': '/proxy/workspaces/abcde12345/ide',
  'a file of an editor': '/proxy/workspaces/abcde12345/ide/static/a.js',
  'a door named like a property of every object': '/proxy/workspaces/abcde12345/constructor',
  'a slash at the end': `${path}/`,
  'an encoded slash': `${path}%2f`,
  'dot segments': `/x/..${path}`,
  'a doubled slash': `/${path}`,
  'an absolute target': `http://ws-abcde12345${path}`,
  'a fragment': `${path}?a#b`,
  'a space in the query': `${path}?a b`,
  'a line end in the query': `${path}?a\r\nX: y`,
  'a line end behind the path': `${path}\n`,
  'a letter beyond ASCII': `${path}?\u00e9`,
  'a target of 2 KiB and more': `${path}?${'a'.repeat(2048)}`,
})) {
  test(`${name} is no route`, () => assert.equal(parseRoute(target), undefined))
}
