/**
 * What code-server takes as EXTENSIONS_GALLERY (code-server, docs/FAQ.md, "How do I use my own extensions marketplace?") for
 * the Open VSX server at a URL, whose paths are those of open-vsx.org; without one a gallery that is nowhere, since
 * code-server would look for a public one.
 */
export function extensionsGallery(url: string | undefined): string {
  if (url === undefined) return JSON.stringify({ serviceUrl: '' })
  const base = `${url.replace(/\/+$/, '')}/vscode`
  return JSON.stringify({
    serviceUrl: `${base}/gallery`,
    itemUrl: `${base}/item`,
    resourceUrlTemplate: `${base}/asset/{publisher}/{name}/{version}/Microsoft.VisualStudio.Code.WebResources/{path}`,
  })
}
