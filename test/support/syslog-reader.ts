/** Reads a message of RFC 5424 back, by its grammar (section 6). */

export interface SyslogMessage {
  readonly priority: number
  readonly version: string
  readonly timestamp: string
  readonly hostname: string
  readonly application: string
  readonly process: string
  readonly messageId: string
  readonly data: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly body: string
}

const grammar =
  /^<(\d{1,3})>(\d{1,2}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) ((?:\[(?:[^\]\\]|\\.)*\])+) ([^\n]*)$/s
const name = /[!#-<>-\\^-~]{1,32}/y

/** Throws an error when the message is not well-formed. */
export function readSyslog(text: string): SyslogMessage {
  const found = grammar.exec(text)
  if (found === null) throw new Error(`no message of RFC 5424: ${text.slice(0, 200)}`)
  const [, priority, version, timestamp, hostname, application, process, messageId, data, body] =
    found as unknown as string[]
  return {
    priority: Number(priority),
    version: version ?? '',
    timestamp: timestamp ?? '',
    hostname: hostname ?? '',
    application: application ?? '',
    process: process ?? '',
    messageId: messageId ?? '',
    data: readData(data ?? ''),
    body: body ?? '',
  }
}

function readData(text: string): Map<string, Map<string, string>> {
  const elements = new Map<string, Map<string, string>>()
  let at = 0
  const nameHere = (): string => {
    name.lastIndex = at
    const found = name.exec(text)?.[0]
    if (found === undefined) throw new Error(`no name at ${at} of ${text}`)
    at += found.length
    return found
  }
  while (at < text.length) {
    at++
    const parameters = new Map<string, string>()
    elements.set(nameHere(), parameters)
    while (text[at] === ' ') {
      at++
      const key = nameHere()
      if (text.slice(at, at + 2) !== '="') throw new Error(`no value for ${key}`)
      at += 2
      let value = ''
      for (; text[at] !== '"'; at++) {
        if (text[at] === undefined || text[at] === ']') throw new Error(`the value of ${key} does not end`)
        if (text[at] === '\\') at++
        value += text[at]
      }
      at++
      parameters.set(key, value)
    }
    if (text[at] !== ']') throw new Error(`no end of an element at ${at} of ${text}`)
    at++
  }
  return elements
}
