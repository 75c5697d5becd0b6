/** JSON and YAML as OPA's tools read and print them: numbers exact, of keys that come twice the last, YAML 1.1 scalars. */
import { BuiltinError } from './builtins/builtin.ts'
import { type Layout, marshal, unmarshal } from './builtins/json.ts'
import { unmarshalYaml } from './builtins/yaml.ts'
import type { Json, Value } from './value.ts'

/** The text is no document of its kind; the message says why. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
}

/** The value of a JSON text. Throws `DocumentError`. */
export function readJson(text: string): Value {
  return reading(() => unmarshal(text))
}

/** The value of the first document of a YAML text. Throws `DocumentError`. */
export function readYaml(text: string): Value {
  return reading(() => unmarshalYaml(text))
}

/** As Go prints JSON: keys ascending, `<`, `>` and `&` escaped. Without a layout all on one line. */
export function printJson(value: Value | Json, layout?: Layout): string {
  return marshal(value as Value, layout)
}

function reading(read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    // A message may quote the text, line breaks and all.
    if (cause instanceof BuiltinError) throw new DocumentError(cause.message.replace(/\s+/g, ' '), { cause })
    throw cause
  }
}
