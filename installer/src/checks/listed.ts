/** Some of many things as one text: "a, b and 3 more". */
export function listed(items: readonly string[], most = 6): string {
  const more = items.length - most
  return `${items.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
