import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extensionsGallery } from '../../../../services/workspace/ide/gallery.ts'

test('the editor is told the paths of an Open VSX server, and without one never those of a public one', () => {
  for (const url of ['https://vsx.site.example', 'https://vsx.site.example//'])
    assert.deepEqual(JSON.parse(extensionsGallery(url)), {
      serviceUrl: 'https://vsx.site.example/vscode/gallery',
      itemUrl: 'https://vsx.site.example/vscode/item',
      resourceUrlTemplate:
        'https://vsx.site.example/vscode/asset/{publisher}/{name}/{version}/Microsoft.VisualStudio.Code.WebResources/{path}',
    })
  assert.deepEqual(JSON.parse(extensionsGallery(undefined)), { serviceUrl: '' })
})
