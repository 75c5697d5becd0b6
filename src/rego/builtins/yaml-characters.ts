/** The characters that YAML has no place for, escaped or not: Go's library refuses a text with one of them, and the `yaml` package takes it. */

/** YAML 1.2, section 5.1: what is no `c-printable`. */
export const unprintable: RegExp = /[^\t\n\r\x20-\x7e\x85\u{a0}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u
