/** What OPA's modules get wrong, and what OPA makes no module of: cases of the suite by name, with reasons. */

/** Cases in which a module says something else than the policy it was made of, evaluated by OPA. */
export const wasmDifferences: Readonly<Record<string, string>> = {
  'data/nested integer':
    'a key of data that is a number finds the string of the same digits in OPA, and nothing in a module (open-policy-agent/opa issue 3711)',
  'data/toplevel integer':
    'a key of data that is a number finds the string of the same digits in OPA, and nothing in a module (open-policy-agent/opa issue 3711)',
  'strings/format_int: bignum exact (>64-bit integer, all bases + negative)':
    '`format_int` of a module holds 64 bits and gives up beyond them (`opa_number_to_bf: overflow`), which ends the evaluation',
}

/** Cases that `opa build -t wasm` refuses. */
export const wasmRefusals: Readonly<Record<string, string>> = {
  'fix1863/is defined': 'its query is all of `data`, so that the rule that holds the results would be part of itself',
  'time/time caching': '`test.sleep` is a builtin of the harness that the command does not know',
}
