/** Which media types are JSON: one answer for bodies, descriptions and replies, or policy would see what nobody masks. */

/** `mediaType` is in lower case and without parameters. RFC 8259, and the suffix of RFC 6839 section 3.1. */
export function isJsonMediaType(mediaType: string | undefined): boolean {
  return mediaType === 'application/json' || mediaType?.endsWith('+json') === true
}
