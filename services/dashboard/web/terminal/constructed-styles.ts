/**
 * xterm.js writes its colors and sizes into <style> elements, which a content security policy without 'unsafe-inline'
 * blocks. A constructed style sheet is not inline, so each such element becomes one: setting its text replaces the sheet.
 */
export function constructStyles(target: Document): void {
  if (installed.has(target)) return
  installed.add(target)
  const createElement = target.createElement.bind(target)
  target.createElement = ((name: string, options?: ElementCreationOptions) =>
    name === 'style' ? constructedStyle(target, createElement('span')) : createElement(name, options)) as never
}

const installed = new WeakSet<Document>()

function constructedStyle(target: Document, element: HTMLElement): HTMLElement {
  const sheet = new CSSStyleSheet()
  target.adoptedStyleSheets.push(sheet)
  element.hidden = true
  Object.defineProperty(element, 'textContent', { get: () => '', set: (css: string) => sheet.replaceSync(css) })
  element.remove = () => {
    target.adoptedStyleSheets = target.adoptedStyleSheets.filter((one) => one !== sheet)
    HTMLElement.prototype.remove.call(element)
  }
  return element
}
