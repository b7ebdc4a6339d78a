/** Text as XML or HTML character data, or as an attribute in double quotes. */
export const escaped = (text: string): string =>
  text.replace(illegal, '\ufffd').replace(/[&<>"']/g, (char) => entities[char]!)

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What XML 1.0 §2.2 has no way to write, not even as a reference; lone surrogates among them. */
const illegal = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu
