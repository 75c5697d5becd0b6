import { type Call, testCalls } from './calls.ts'

/** Calls of builtins on time and what OPA 1.20.2 gives for them, errors included. */
const calls: readonly Call[] = [
  ['time.format', [0], '"1970-01-01T00:00:00Z"'],
  ['time.format', [[1700000000123456789n, 'Europe/Berlin', 'RFC3339Nano']], '"2023-11-14T23:13:20.123456789+01:00"'],
  ['time.format', [[1700000000000000000n, 'America/New_York', 'RFC1123']], '"Tue, 14 Nov 2023 17:13:20 EST"'],
  [
    'time.format',
    [[0, 'Asia/Kolkata', 'Mon Jan _2 15:04:05.000 -07:00 2006']],
    '"Thu Jan  1 05:30:00.000 +05:30 1970"',
  ],
  ['time.format', [[0, 'UTC', 'PM 3 __2 002 06 1 January.999']], '"AM 12   1 001 70 1 January"'],
  ['time.format', [[0, 'Nowhere/X']], 'eval_builtin_error: unknown time zone Nowhere/X'],
  ['time.format', [[0, 'america/new_york']], 'eval_builtin_error: unknown time zone america/new_york'],
  ['time.format', [1.5], 'eval_builtin_error: timestamp too big'],
  ['time.format', [9223372036854775808n], 'eval_builtin_error: timestamp too big'],
  ['time.date', [[951782400000000000n, 'UTC']], '[2000,2,29]'],
  ['time.clock', [[0, 'Asia/Kathmandu']], '[5,30,0]'],
  ['time.weekday', [0], '"Thursday"'],
  ['time.add_date', [1706659200000000000n, 0, 1, 0], '1709337600000000000'],
  ['time.add_date', [0, 600, 0, 0], 'eval_builtin_error: time outside of valid range'],
  ['time.diff', [1700000000000000000n, 0], '[53,10,13,22,13,20]'],
  ['time.diff', [[0, 'America/New_York'], 1711843200000000000n], '[54,2,30,1,0,0]'],
  ['time.parse_rfc3339_ns', ['2023-11-14T22:13:20.5+05:30'], '1699980200500000000'],
  [
    'time.parse_rfc3339_ns',
    ['2023-02-29T00:00:00Z'],
    'eval_builtin_error: parsing time "2023-02-29T00:00:00Z": day out of range',
  ],
  [
    'time.parse_rfc3339_ns',
    ['2023-11-14T24:00:00Z'],
    'eval_builtin_error: parsing time "2023-11-14T24:00:00Z": hour out of range',
  ],
  ['time.parse_rfc3339_ns', ['2262-04-11T23:47:16.854775808Z'], 'eval_builtin_error: time outside of valid range'],
  [
    'time.parse_rfc3339_ns',
    ['x'],
    'eval_builtin_error: parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
  ],
  ['time.parse_ns', ['2006-002', '2024-060'], '1709164800000000000'],
  ['time.parse_ns', ['3:04PM', '12:04AM'], 'eval_builtin_error: time outside of valid range'],
  ['time.parse_ns', ['RFC1123', 'Tue, 14 Nov 2023 22:13:20 MST'], '1700000000000000000'],
  ['time.parse_ns', ['2006-01-02', '2023-11-14x'], 'eval_builtin_error: parsing time "2023-11-14x": extra text: "x"'],
  ['time.parse_ns', ['_2 Jan 2006', ' 5 jan 2023'], '1672876800000000000'],
  ['time.parse_duration_ns', ['1d12h'], '129600000000000'],
  ['time.parse_duration_ns', ['-1.5s'], '-1500000000'],
  [
    'time.parse_duration_ns',
    ['9223372036854775808ns'],
    'eval_builtin_error: time: invalid duration "9223372036854775808ns"',
  ],
  ['time.parse_duration_ns', ['1x'], 'eval_builtin_error: time: unknown unit "x" in duration "1x"'],
  ['time.parse_duration_ns', ['1'], 'eval_builtin_error: time: missing unit in duration "1"'],
  ['time.parse_duration_ns', ['300y'], 'eval_builtin_error: time: invalid duration "300y"'],
  ['time.now_ns', [], '1700000000000000000'],
]

testCalls(calls)
