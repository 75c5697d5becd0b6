/** The table of commands and their flags. Help, completion and docs/reference/command-line.md are made from it. */
import type { Command, Flag, RefusedFlag } from './command.ts'
import { logChoices } from './log-choices.ts'

const format: Flag = {
  name: 'format',
  kind: 'choice',
  value: 'FORMAT',
  choices: ['text', 'json'],
  says: 'How to print; `json` for programs, errors too',
}

/** Every command that reads a configuration. */
const configuration: readonly Flag[] = [
  {
    name: 'config',
    kind: 'file',
    value: 'FILE',
    says: 'The configuration; without it `./gatehouse.yaml`, else the embedded default',
  },
  {
    name: 'data',
    kind: 'folder',
    value: 'FOLDER',
    says: 'The data directory, instead of the one that the configuration names',
  },
  format,
]

/** Commands that read no configuration take the flag too, so that scripts may pass it everywhere. */
const unused: readonly Flag[] = [
  { name: 'config', kind: 'file', value: 'FILE', says: 'Accepted, as everywhere; not read here' },
  format,
]

const maxErrors: Flag = {
  name: 'max-errors',
  short: 'm',
  kind: 'count',
  value: 'COUNT',
  says: 'Errors of compiling that are told of at once; without it 10, and 0 is all',
}

const configUnused: Flag = {
  name: 'config',
  kind: 'file',
  value: 'FILE',
  says: 'Accepted, as everywhere; not read here',
}

/** Where policies and data come from. */
const policyFiles: readonly Flag[] = [
  {
    name: 'data',
    short: 'd',
    kind: 'file',
    value: 'PATH',
    repeats: true,
    says: 'A file or folder of policies and data, or `prefix.path:PATH` for data below a prefix; may come more than once',
  },
  {
    name: 'bundle',
    short: 'b',
    kind: 'file',
    value: 'PATH',
    repeats: true,
    says: 'A bundle, as a folder or `.tar.gz`; may come more than once',
  },
]

/** What changes how policies are read and compiled. */
const compiling: readonly Flag[] = [
  {
    name: 'ignore',
    kind: 'list',
    value: 'NAMES',
    repeats: true,
    says: 'Patterns for names of files and folders to pass over, such as `.*` or `*_test.rego`, with commas between',
  },
  {
    name: 'schema',
    short: 's',
    kind: 'file',
    value: 'PATH',
    says: 'A JSON Schema of the input, or a folder of schemas that annotations name',
  },
  {
    name: 'capabilities',
    kind: 'file',
    value: 'FILE',
    says: 'A capabilities file, or `v1.20.2`: what policies may use',
  },
]

/** Which endpoint of MCP, and as whom. */
const endpoint: readonly Flag[] = [
  {
    name: 'url',
    kind: 'text',
    value: 'URL',
    says: 'The endpoint; without it the route of `protocol: mcp` of the configuration, on the gateway that runs it',
  },
  { name: 'route', kind: 'text', value: 'ROUTE', says: 'Which route, where the configuration has several' },
  {
    name: 'agent',
    kind: 'text',
    value: 'AGENT',
    says: 'In development mode: as this agent, with a token as `gatehouse token` makes it',
  },
  {
    name: 'scope',
    kind: 'text',
    value: 'SCOPE',
    repeats: true,
    says: 'A scope of that token; may come more than once',
  },
  { name: 'role', kind: 'text', value: 'ROLE', repeats: true, says: 'A role of that token; may come more than once' },
  { name: 'token-file', kind: 'file', value: 'FILE', says: 'Holds the token to send; without it GATEHOUSE_TOKEN' },
  { name: 'token', kind: 'text', value: 'TOKEN', says: 'The token itself; others on this machine can see it' },
  {
    name: 'timeout',
    kind: 'duration',
    value: 'TIME',
    says: 'How long to wait in all; without it `1m`; for an endpoint that says nothing never longer than `5m`',
  },
]

/** Flags of `opa` that ask for what is so anyway. */
const asInOpa: readonly Flag[] = [
  {
    name: 'target',
    short: 't',
    kind: 'choice',
    value: 'TARGET',
    choices: ['rego'],
    says: 'Accepted; there is one way of evaluating',
  },
  { name: 'v1-compatible', kind: 'switch', says: 'Accepted; policies are Rego v1' },
]

const coverageRuns: Flag = {
  name: 'coverage-runs',
  kind: 'list',
  value: 'KINDS',
  repeats: true,
  says: 'Accepted; why something was not reached is always told',
}

const olderRego: readonly RefusedFlag[] = [
  { name: 'v0-compatible', says: 'policies are Rego v1 here; `opa fmt --v0-v1` translates older ones' },
]

export const commands = [
  {
    name: 'start',
    summary: 'Run the gateway',
    about:
      'Runs until it is interrupted; then calls under way are finished and new ones refused. Says first where agents and operators find it, and in development mode three lines to paste; with `--format json` as one object. Configuration, policies and keys are read again when they change.',
    operands: [],
    flags: [
      {
        name: 'port',
        kind: 'port',
        value: 'PORT',
        says: 'Port for agents, instead of the configured one; 0 takes a free one',
      },
      { name: 'operators-port', kind: 'port', value: 'PORT', says: 'Port for operators, likewise' },
      ...configuration,
    ],
    examples: [
      { line: 'gatehouse start', does: 'runs `./gatehouse.yaml`, or the embedded default where there is none' },
      { line: 'gatehouse start --port 9080 --operators-port 9081', does: 'listens elsewhere' },
    ],
  },
  {
    name: 'token',
    summary: 'Print a token of the development issuer for an agent',
    about:
      'Prints an access token and nothing else. Works in development mode only: in production tokens come from your issuer.',
    operands: [{ name: 'AGENT', says: 'the id of an agent of the configuration' }],
    flags: [
      { name: 'subject', kind: 'text', value: 'SUBJECT', says: 'The subject (`sub`); without it the agent itself' },
      { name: 'scope', kind: 'text', value: 'SCOPE', repeats: true, says: 'A scope; may come more than once' },
      { name: 'role', kind: 'text', value: 'ROLE', repeats: true, says: 'A role; may come more than once' },
      {
        name: 'actor',
        kind: 'text',
        value: 'SUBJECT',
        repeats: true,
        says: 'Who acts for the subject (`act`), outermost first; may come more than once',
      },
      {
        name: 'lifetime',
        kind: 'duration',
        value: 'TIME',
        says: 'How long it is valid, `1s` to `7d`; without it `1h`',
      },
      ...configuration,
    ],
    examples: [
      { line: 'gatehouse token buyer', does: 'prints a token of the agent `buyer` for an hour' },
      {
        line: 'curl -H "Authorization: Bearer $(gatehouse token buyer)" http://127.0.0.1:8080/erp/vendors',
        does: 'uses one',
      },
    ],
  },
  {
    name: 'tail',
    summary: 'Show decisions as they are made',
    about:
      'Shows the last records of the decision log that pass the filters, then follows. Reads the files of the log; the gateway need not run. With `--url` it asks a gateway elsewhere, and goes on where it was cut off. All filters that are given must hold; an outcome belongs to the call that its decision was about. On a terminal each record is a line in colours; into a pipe or a file it goes as JSON.',
    operands: [],
    flags: [
      { name: 'agent', kind: 'text', value: 'AGENT', says: 'Only calls of this agent' },
      { name: 'subject', kind: 'text', value: 'SUBJECT', says: 'Only calls for this subject of a token' },
      { name: 'tool', kind: 'text', value: 'TOOL', says: 'Only calls of this tool' },
      {
        name: 'decision',
        kind: 'choice',
        value: 'DECISION',
        choices: logChoices.decision,
        says: 'Only calls decided so',
      },
      { name: 'route', kind: 'text', value: 'ROUTE', says: 'Only calls on this route' },
      { name: 'rule', kind: 'text', value: 'RULE', says: 'Only calls on which this rule fired' },
      { name: 'code', kind: 'text', value: 'CODE', says: 'Only records with this reason or fault' },
      {
        name: 'type',
        kind: 'choice',
        value: 'TYPE',
        choices: logChoices.type,
        says: 'Only records of this type; without it all but checkpoints, of which there is one a second',
      },
      {
        name: 'where',
        kind: 'text',
        value: 'CONDITION',
        repeats: true,
        says: 'Only records in which it holds: a path, or a path, one of `= != > >= < <= ~`, and a value; may come more than once',
      },
      {
        name: 'since',
        kind: 'text',
        value: 'TIME',
        says: 'Only records from then on, all of them: RFC 3339, or a length of time ago such as `15m`, `2h`, `7d`',
      },
      {
        name: 'last',
        short: 'n',
        kind: 'count',
        value: 'COUNT',
        says: 'How many records to begin with, 0 to 10000; without it 10',
      },
      { name: 'from', kind: 'text', value: 'SEQ', says: 'Only records from this place in the log on, all of them' },
      { name: 'until', kind: 'text', value: 'TIME', says: 'Only records before it, written like `--since`' },
      { name: 'wide', short: 'w', kind: 'switch', says: 'Show more of each record, nothing shortened' },
      { name: 'why', kind: 'switch', says: 'Show the reasons and rules below each record' },
      { name: 'url', kind: 'text', value: 'URL', says: "The operators' port of a gateway elsewhere, instead of files" },
      {
        name: 'token-file',
        kind: 'file',
        value: 'FILE',
        says: "Holds the operators' token for `--url`; without it GATEHOUSE_OPERATORS_TOKEN",
      },
      { name: 'follow', short: 'f', kind: 'switch', says: 'Go on with what comes; it does so anyway' },
      { name: 'no-follow', kind: 'switch', says: 'End after what is there' },
      ...configuration,
    ],
    examples: [
      { line: 'gatehouse tail', does: 'follows everything' },
      {
        line: 'gatehouse tail --decision deny --agent buyer --since 2h',
        does: 'what was refused to `buyer` in the last two hours, then follows',
      },
      { line: 'gatehouse tail --no-follow --format json --since 7d', does: 'a week as JSON lines' },
      { line: 'gatehouse tail -n 0 --agent buyer', does: 'only what `buyer` does from now on' },
      {
        line: "gatehouse tail --why --decision deny --where 'input.call.arguments.amount>10000'",
        does: 'refused calls with large amounts, and why',
      },
      {
        line: 'gatehouse tail --url http://127.0.0.1:8081 --token-file operators-token',
        does: 'follows a gateway elsewhere',
      },
    ],
  },
  {
    name: 'tools',
    summary: 'List, show and compare the tools that an endpoint of MCP offers',
    about:
      '`list` prints the tools that the caller may see: a table on a terminal, else JSON with the whole definitions. `show NAME` prints one of them with its arguments and its digest, which policy sees as `input.call.tool.digest`. `diff FILE` compares with a list that was saved, `diff OLD NEW` two of them, and `diff --as AGENT`, `--to-token-file` or `--to` with what another caller or another endpoint gets; it tells tool by tool and field by field what was added, removed and changed. Both eras of MCP are spoken. Exit status 1 says that something differs, 3 that the endpoint cannot be reached, 4 that the caller was refused.',
    operands: [
      { name: 'WHAT', says: 'what to do', choices: ['list', 'show', 'diff'] },
      { name: 'VALUE', says: 'the tool, or the files', optional: true, repeats: true, isPath: true },
    ],
    flags: [
      ...endpoint,
      { name: 'as', kind: 'text', value: 'AGENT', says: 'With `diff`: the agent to compare with' },
      {
        name: 'to-token-file',
        kind: 'file',
        value: 'FILE',
        says: 'With `diff`: holds the token of the caller to compare with',
      },
      { name: 'to', kind: 'text', value: 'URL', says: 'With `diff`: the endpoint to compare with' },
      ...configuration,
    ],
    examples: [
      { line: 'gatehouse tools list --agent buyer', does: 'what the agent `buyer` may see' },
      { line: 'gatehouse tools show create_purchase_order --agent buyer', does: 'one tool with its arguments' },
      { line: 'gatehouse tools list --agent buyer --format json > tools.json', does: 'keeps the list' },
      {
        line: 'gatehouse tools diff tools.json --agent buyer',
        does: 'for a build: fails when a definition has changed',
      },
      { line: 'gatehouse tools diff --agent buyer --as support', does: 'what one agent sees and another does not' },
    ],
  },
  {
    name: 'call',
    summary: 'Call a tool as an agent would',
    about:
      'Lists the tools, then calls one of them and prints what it answers: texts and structured content, or with `--format json` the whole result as it came. Progress and log messages go to standard error. A value gets the type that the tool declares for it; strings are taken as they are. A tool that answers with a task is waited for. Exit status 1 says that the tool failed, asks for more, or is not the one that `--digest` names; 3 that the endpoint or the server behind it cannot be reached; 4 that the call was refused, with the reasons, what would help, and the id for `gatehouse why`.',
    operands: [{ name: 'TOOL', says: 'the tool, as `gatehouse tools list` shows it' }],
    flags: [
      {
        name: 'arg',
        short: 'a',
        kind: 'text',
        value: 'NAME=VALUE',
        repeats: true,
        says: 'An argument, or `NAME:=JSON` for a value that is written as JSON; may come more than once',
      },
      {
        name: 'args-json',
        kind: 'file',
        value: 'FILE',
        says: 'Holds arguments as an object of JSON, sent as they are; `-` is standard input',
      },
      {
        name: 'digest',
        kind: 'text',
        value: 'DIGEST',
        says: 'Call the tool only if its definition has this digest',
      },
      ...endpoint,
      ...configuration,
    ],
    examples: [
      {
        line: 'gatehouse call create_purchase_order --agent buyer --arg vendor_id=acme --arg amount=900 --arg currency=EUR',
        does: 'orders something',
      },
      {
        line: 'echo \'{"region":"emea"}\' | gatehouse call search_customers --agent support --args-json - --format json',
        does: 'for a program: arguments and result as JSON',
      },
      {
        line: 'gatehouse call search --url https://tools.example.com/mcp --token-file token --arg query=invoices --timeout 2m',
        does: 'calls a tool of any endpoint',
      },
    ],
  },
  {
    name: 'erase',
    summary: 'Make what records hold encrypted for a subject unreadable',
    about:
      'Deletes the key of the subject, for good: what rules of `data.system.log.mask` encrypted for it can be read no more, here and in every copy of the log, and the log stays as it was signed. A running gateway takes it in at once and records it. Exit status 1 says that there is no such key.',
    operands: [{ name: 'SUBJECT', says: 'the subject, as the policy writes it' }],
    flags: [...configuration],
    examples: [{ line: 'gatehouse erase customer-17', does: 'erases what was encrypted for `customer-17`' }],
  },
  {
    name: 'why',
    summary: 'Tell the whole story of one call',
    about:
      'Says who asked for what, what was decided, by which rules and why, what the upstream did, how long each step took, where the records are, and what vouches for them. Reads the files of the log; the gateway need not run. Exit status 1 says that the log has no such call, or that its records are not what was signed.',
    operands: [{ name: 'ID', says: 'the id of a decision or a call, as replies and `gatehouse tail` show it' }],
    flags: [
      {
        name: 'reveal',
        kind: 'switch',
        says: 'With `--format json`: show what is encrypted in the records, where the keys are at hand',
      },
      ...configuration,
    ],
    examples: [
      { line: 'gatehouse why 01a1fdfb-0eb1-7005-aca6-382e97f20405', does: 'tells about one call' },
      {
        line: 'gatehouse why 01a1fdfb-0eb1-7005-aca6-382e97f20405 --format json',
        does: 'prints its records, as they stand in the log',
      },
    ],
  },
  {
    name: 'audit',
    summary: 'Verify the decision log, and prove what stands in it',
    about:
      '`verify` reads all of the log and compares it with the newest checkpoint it is given: its own, and those that you kept elsewhere. It works offline, with the files of the log and the public key, and names the first line that was changed, removed, added or moved. Exit status 0 says that every line a checkpoint covers is as it was, 1 that something was changed, 2 that the log, the key or a checkpoint cannot be read. `prove ID` prints a proof, as JSON, that the records of a call stand in the log; ID is what `Gatehouse-Decision` said, or the number of a line. `consistency EARLIER [LATER]` proves, from two files with checkpoints, that the later log begins with the earlier one; without LATER it is the log as it is. `key` prints the public key: keep it elsewhere.',
    operands: [
      { name: 'WHAT', says: 'what to do', choices: ['verify', 'prove', 'consistency', 'key'] },
      { name: 'VALUE', says: 'the ID, or the files', optional: true, repeats: true },
    ],
    flags: [
      {
        name: 'log',
        kind: 'folder',
        value: 'FOLDER',
        says: 'The folder of the log, instead of the one that the configuration names',
      },
      {
        name: 'key',
        kind: 'file',
        value: 'FILE',
        says: 'Holds the public key; without it the one that lies beside the log, which is said',
      },
      {
        name: 'checkpoint',
        kind: 'file',
        value: 'FILE',
        repeats: true,
        says: 'Holds a checkpoint that was kept elsewhere; may come more than once',
      },
      {
        name: 'witness',
        kind: 'file',
        value: 'FILE',
        says: 'Holds the public key of a witness that must have signed a checkpoint',
      },
      ...configuration,
    ],
    examples: [
      {
        line: 'gatehouse audit key > decision-log.pub',
        does: 'prints the public key, to be kept where the log is not',
      },
      {
        line: 'gatehouse audit verify --log data/log --key decision-log.pub --checkpoint anchored.checkpoint',
        does: 'verifies a log with what was kept elsewhere',
      },
      {
        line: 'gatehouse audit prove 0192f0c1-2b7e-7c3a-9f5e-3d1f0a6b7c8d > proof.json',
        does: 'proves that a call stands in the log',
      },
      { line: 'gatehouse audit consistency anchored.checkpoint', does: 'proves that the log only grew since then' },
    ],
  },
  {
    name: 'sinks',
    summary: 'Show where the decision log streams to, and what was refused there',
    about:
      'Without an operand, or with `status`, it shows for each sink how many records its receiver has not acknowledged, how old the oldest of them is, what was sent, and why it fails if it does. `rejected [SINK]` lists the records that a receiver refused. `retry SINK [SEQ...]` sends those again, all of them or those with these numbers; `drop SINK [SEQ...]` gives them up. Both are done by the gateway, when it runs, and recorded in the log. Exit status 1 says that a sink fails or that something is set aside, 3 that the gateway did not take a request within 20 seconds.',
    operands: [
      { name: 'WHAT', says: 'what to do', choices: ['status', 'rejected', 'retry', 'drop'], optional: true },
      { name: 'VALUE', says: 'the sink, then numbers of records', optional: true, repeats: true },
    ],
    flags: [...configuration],
    examples: [
      { line: 'gatehouse sinks', does: 'shows how far each receiver is' },
      { line: 'gatehouse sinks rejected siem', does: 'lists what a receiver refused' },
      { line: 'gatehouse sinks retry siem 1205 1206', does: 'sends two records again' },
    ],
  },
  {
    name: 'check',
    summary: 'Check the configuration, descriptions and policies without starting',
    about:
      'Reads everything that `start` would read and prints all that is wrong, each with its file, line and what to write instead. With `--format json` it prints the configuration as it would be in force, secrets masked. With paths it checks the policies there instead, as `opa check` does: it prints nothing when they are right, else what is wrong with them, and ends with status 1. A path below `data` that nothing declares, where something near it is declared, is told of, too, and is no error.',
    operands: [{ name: 'PATH', says: 'files and folders of policies', optional: true, repeats: true, isPath: true }],
    flags: [
      ...configuration.filter((flag) => flag !== format),
      {
        name: 'format',
        short: 'f',
        kind: 'choice',
        value: 'FORMAT',
        choices: ['text', 'pretty', 'json'],
        says: 'How to print; `json` for programs, errors too; `pretty` is `text`',
      },
      { name: 'strict', short: 'S', kind: 'switch', says: 'Of policies refuse also what is probably a mistake' },
      { name: 'bundle', short: 'b', kind: 'switch', says: 'The paths are bundles, folders or `.tar.gz`' },
      maxErrors,
      ...compiling,
      { name: 'v1-compatible', kind: 'switch', says: 'Accepted; policies are Rego v1' },
    ],
    refused: [...olderRego, { name: 'v0-v1', says: 'policies are Rego v1 here; `opa check --v0-v1` knows both' }],
    examples: [
      { line: 'gatehouse check --config /etc/gatehouse/gatehouse.yaml', does: 'checks a file before it is rolled out' },
      { line: 'gatehouse check --strict policies', does: 'checks policies before they are committed' },
    ],
  },
  {
    name: 'eval',
    summary: 'Evaluate a Rego query as `opa eval` does',
    about:
      'Prints the results of a query over policies, data and an input, in the forms of `opa eval`. Exit status 2 says that something is wrong with the policies, the documents or the query, 1 what `--fail` and `--fail-defined` say, or wrong usage.',
    usageStatus: 1,
    operands: [{ name: 'QUERY', says: 'any Rego query, such as `data.gatehouse.allow`', optional: true }],
    flags: [
      ...policyFiles,
      { name: 'input', short: 'i', kind: 'file', value: 'FILE', says: 'The input, JSON or YAML' },
      { name: 'stdin-input', short: 'I', kind: 'switch', says: 'Read the input from standard input' },
      { name: 'stdin', kind: 'switch', says: 'Read the query from standard input' },
      {
        name: 'format',
        short: 'f',
        kind: 'choice',
        value: 'FORMAT',
        choices: ['json', 'values', 'bindings', 'pretty', 'raw', 'discard'],
        says: 'How to print; without it `json`',
      },
      { name: 'fail', kind: 'switch', says: 'End with status 1 when the query is undefined' },
      { name: 'fail-defined', kind: 'switch', says: 'End with status 1 when the query is defined' },
      { name: 'package', kind: 'text', value: 'PACKAGE', says: 'The package that the query stands in' },
      {
        name: 'import',
        kind: 'text',
        value: 'IMPORT',
        repeats: true,
        says: 'An import of the query; may come more than once',
      },
      { name: 'strict', short: 'S', kind: 'switch', says: 'Refuse what `check --strict` refuses' },
      { name: 'strict-builtin-errors', kind: 'switch', says: 'End at the first error of a built-in function' },
      {
        name: 'show-builtin-errors',
        kind: 'switch',
        says: 'Print the errors of built-in functions beside the results',
      },
      { name: 'metrics', kind: 'switch', says: 'Print how long the parts of the work took' },
      {
        name: 'explain',
        kind: 'choice',
        value: 'VIEW',
        choices: ['off', 'full', 'notes', 'fails', 'debug'],
        says: 'Print what evaluation came through: everything, what led to notes of `trace`, what led to failures, or values too',
      },
      { name: 'coverage', kind: 'switch', says: 'Print which lines and expressions were reached' },
      coverageRuns,
      { name: 'profile', kind: 'switch', says: 'Print which rows were evaluated how often and how long they took' },
      {
        name: 'profile-limit',
        kind: 'count',
        value: 'COUNT',
        says: 'Rows of the profile, 0 for all; without it 10',
      },
      {
        name: 'profile-sort',
        kind: 'list',
        value: 'ORDER',
        repeats: true,
        says: 'Which rows of the profile come first, those with the largest `total_time_ns`, `num_eval`, `num_redo`, `num_gen_expr`, `file` or `line`; may come more than once',
      },
      {
        name: 'count',
        kind: 'count',
        value: 'COUNT',
        says: 'Do it so many times and print statistics of the times; without it 1',
      },
      { name: 'timeout', kind: 'text', value: 'TIME', says: 'Break off after so long, such as `500ms` or `1m30s`' },
      ...compiling,
      { name: 'pretty-limit', kind: 'count', value: 'COUNT', says: 'Accepted; values are printed whole' },
      { name: 'optimize-store-for-read-speed', kind: 'switch', says: 'Accepted; data is read in place' },
      ...asInOpa,
      configUnused,
    ],
    refused: [
      ...olderRego,
      { name: 'partial', short: 'p', says: 'policies are compiled, not partially evaluated' },
      { name: 'unknowns', short: 'u', says: 'it belongs to partial evaluation' },
      { name: 'disable-inlining', says: 'it belongs to partial evaluation' },
      { name: 'shallow-inlining', says: 'it belongs to partial evaluation' },
      { name: 'nondeterminstic-builtins', says: 'it belongs to partial evaluation' },
      { name: 'optimize', short: 'O', says: 'every policy is compiled with all optimisations' },
      { name: 'entrypoint', short: 'e', says: 'it belongs to `--optimize`' },
      { name: 'disable-indexing', says: 'the index of rules changes no result and is always there' },
      { name: 'disable-early-exit', says: 'early exit changes no result and is always there' },
      { name: 'instrument', says: 'it shows the inside of another engine; `--metrics` says what took how long' },
    ],
    examples: [
      { line: 'gatehouse eval 1+2 --format raw', does: 'prints 3' },
      {
        line: 'gatehouse eval -d policies -i input.json data.gatehouse --format pretty',
        does: 'what the policy says about an input',
      },
      {
        line: 'gatehouse eval --fail-defined -b bundle.tar.gz -i input.json data.app.deny',
        does: 'for a build: fails when anything is denied',
      },
    ],
  },
  {
    name: 'test',
    summary: 'Run the tests of policies as `opa test` does',
    about:
      'Runs every rule whose name begins with `test_` in the files and folders, `.rego`, JSON and YAML, and prints those that did not pass. A rule `test_x[name]` is a test of many cases, each told of by its name; `todo_test_x` is passed over. With `--verbose` it tells of all tests, and for those that failed which condition did, with the values it saw. Exit status 2 says that a test did not pass, 1 that something is wrong or, with `--fail-on-empty`, that there is no test.',
    usageStatus: 1,
    operands: [{ name: 'PATH', says: 'files and folders of policies, tests and data', repeats: true, isPath: true }],
    flags: [
      { name: 'verbose', short: 'v', kind: 'switch', says: 'Tell of tests that pass, and why others failed' },
      {
        name: 'run',
        short: 'r',
        kind: 'text',
        value: 'PATTERN',
        says: 'Only tests whose full name, such as `data.app_test.test_deny`, has a match of this regular expression',
      },
      {
        name: 'format',
        short: 'f',
        kind: 'choice',
        value: 'FORMAT',
        choices: ['pretty', 'json', 'gobench'],
        says: 'How to print; without it `pretty`',
      },
      { name: 'bundle', short: 'b', kind: 'switch', says: 'The paths are bundles, folders or `.tar.gz`' },
      {
        name: 'coverage',
        short: 'c',
        kind: 'switch',
        says: 'Print which lines and expressions the tests reached, as JSON',
      },
      {
        name: 'threshold',
        kind: 'text',
        value: 'PERCENT',
        says: 'End with status 2 when less of the lines was reached, and say which were not',
      },
      coverageRuns,
      { name: 'bench', kind: 'switch', says: 'Run each test for a second and print what one run takes' },
      { name: 'benchmem', kind: 'switch', says: 'Accepted; allocations cannot be counted here' },
      { name: 'count', kind: 'count', value: 'COUNT', says: 'Run all tests so many times; without it 1' },
      { name: 'watch', short: 'w', kind: 'switch', says: 'Run the tests again whenever a file changes' },
      { name: 'var-values', kind: 'switch', says: 'Tell why tests failed, with the values that were seen' },
      { name: 'timeout', kind: 'text', value: 'TIME', says: 'For one test; without it `5s`, and `30s` for benchmarks' },
      {
        name: 'exit-zero-on-skipped',
        short: 'z',
        kind: 'switch',
        says: 'Tests that are passed over do not change the exit status',
      },
      { name: 'fail-on-empty', kind: 'switch', says: 'End with status 1 when there is no test' },
      {
        name: 'sort',
        kind: 'choice',
        value: 'ORDER',
        choices: ['none', 'duration'],
        says: 'The order of tests in JSON; without it as they are written',
      },
      { name: 'parallel', short: 'p', kind: 'count', value: 'COUNT', says: 'Accepted; tests run one after another' },
      maxErrors,
      ...compiling,
      ...asInOpa,
      configUnused,
    ],
    refused: [...olderRego],
    examples: [
      { line: 'gatehouse test policies', does: 'runs all tests below a folder' },
      { line: 'gatehouse test -v -r order policies', does: 'those with `order` in their names, all told of' },
      { line: 'gatehouse test --watch policies', does: 'again whenever something is saved' },
    ],
  },
  {
    name: 'explain',
    summary: 'Say why a call is decided as it is',
    about:
      'Names the rules that decided a call, the conditions that held or failed, and the values that they saw: of a call in a file, of a decision in the log, or of any query. Where a call is denied it names the rules that deny, else those that came nearest to allowing it and where each failed first. Without `--data` and `--bundle` it asks the policy of the configuration; of a recorded decision it says when that is another than the one that decided.',
    operands: [
      {
        name: 'ID',
        says: 'the id of a recorded decision or call, or a query such as `data.gatehouse.allow`',
        optional: true,
      },
    ],
    flags: [
      { name: 'input', short: 'i', kind: 'file', value: 'FILE', says: 'The call as policy sees it, JSON or YAML' },
      { name: 'stdin-input', short: 'I', kind: 'switch', says: 'Read it from standard input' },
      ...policyFiles,
      { name: 'ignore', kind: 'list', value: 'NAMES', repeats: true, says: 'Patterns for names of files to pass over' },
      {
        name: 'entrypoint',
        kind: 'text',
        value: 'PACKAGE',
        says: 'The package whose rules decide, where no query is written; without it `gatehouse`',
      },
      {
        name: 'reveal',
        kind: 'switch',
        says: 'Let policy see what is encrypted in the record, where the keys are at hand',
      },
      { name: 'lines', short: 'n', kind: 'count', value: 'COUNT', says: 'How many lines at most; without it 10' },
      {
        name: 'log',
        kind: 'folder',
        value: 'FOLDER',
        says: 'The data directory with the log, instead of the one that the configuration names',
      },
      {
        name: 'config',
        kind: 'file',
        value: 'FILE',
        says: 'The configuration; without it `./gatehouse.yaml`, else the embedded default',
      },
      format,
    ],
    examples: [
      { line: 'gatehouse explain -i call.json', does: 'why the policy in force decides a call so' },
      { line: 'gatehouse explain 01a1fdfb-0eb1-7005-aca6-382e97f20405', does: 'why a recorded call was decided so' },
      {
        line: 'gatehouse explain -d policies -i call.json data.gatehouse.ask --format json',
        does: 'one document of other policies, for a program',
      },
    ],
  },
  {
    name: 'fmt',
    summary: 'Format Rego source files as `opa fmt` does',
    about:
      'Prints the files in the one layout that Rego has, or formats standard input where no path is given. Folders are looked through for files whose names end in `.rego`. Exit status 2 says that a file cannot be parsed or, with `--fail`, that it is not formatted; 1 that a path is not there or standard input cannot be parsed.',
    operands: [{ name: 'PATH', says: 'files and folders', optional: true, repeats: true, isPath: true }],
    flags: [
      { name: 'write', short: 'w', kind: 'switch', says: 'Write into the files instead of to standard output' },
      { name: 'list', short: 'l', kind: 'switch', says: 'Only list the files that would change' },
      { name: 'diff', short: 'd', kind: 'switch', says: 'Only show what would change' },
      { name: 'fail', kind: 'switch', says: 'End with status 2 at the first file that is not formatted' },
      {
        name: 'check-result',
        kind: 'switch',
        says: 'Read again what was made, as it does anyway; `--check-result=false` leaves that out',
      },
      { name: 'v1-compatible', kind: 'switch', says: 'Accepted; policies are Rego v1' },
      ...unused,
    ],
    refused: [
      ...olderRego,
      { name: 'rego-v1', says: 'policies are Rego v1 here, and are formatted so' },
      { name: 'v0-v1', says: 'policies are Rego v1 here; `opa fmt --v0-v1` translates older ones' },
      { name: 'drop-v0-imports', says: 'imports are kept as they are written; take `rego.v1` out by hand' },
      { name: 'capabilities', says: 'the layout does not depend on what policies may use' },
    ],
    examples: [
      { line: 'gatehouse fmt --write policies', does: 'formats all policies' },
      {
        line: 'gatehouse fmt --diff --fail policies',
        does: 'for a build: shows the first that is not formatted and fails',
      },
    ],
  },
  {
    name: 'parse',
    summary: 'Print the syntax tree of a Rego source file as `opa parse` does',
    about:
      'Prints what the parser makes of the file, a line for each node, or as the JSON that tools for OPA read. Exit status 1 says that the file cannot be read or parsed; with `--format json` the errors are JSON too.',
    operands: [{ name: 'FILE', says: 'a Rego source file', isPath: true }],
    flags: [
      { name: 'config', kind: 'file', value: 'FILE', says: 'Accepted, as everywhere; not read here' },
      {
        name: 'format',
        kind: 'choice',
        value: 'FORMAT',
        choices: ['pretty', 'json'],
        says: 'How to print; without it `pretty`',
      },
    ],
    examples: [{ line: 'gatehouse parse policies/main.rego --format json', does: 'prints the tree for another tool' }],
  },
  {
    name: 'version',
    summary: 'Print the version',
    about: 'Prints the version of Gatehouse; with `--format json` also of Node and the platform.',
    operands: [],
    flags: [...unused],
    examples: [{ line: 'gatehouse version', does: 'prints one line' }],
  },
  {
    name: 'completion',
    summary: 'Print a script that completes commands and flags in a shell',
    about: 'Prints the script to standard output; the shell reads it.',
    operands: [{ name: 'SHELL', says: 'the shell', choices: ['bash', 'zsh', 'fish'] }],
    flags: [...unused],
    examples: [
      { line: 'source <(gatehouse completion bash)', does: 'for this bash; in `~/.bashrc` for all' },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell reads it
      { line: 'gatehouse completion zsh > "${fpath[1]}/_gatehouse"', does: 'for zsh' },
      { line: 'gatehouse completion fish > ~/.config/fish/completions/gatehouse.fish', does: 'for fish' },
    ],
  },
  {
    name: 'help',
    summary: 'Explain a command',
    about: 'Without a command it lists them all; `gatehouse COMMAND --help` says the same.',
    operands: [{ name: 'COMMAND', says: 'a command', optional: true }],
    flags: [...unused],
    examples: [{ line: 'gatehouse help tail', does: 'explains `tail`' }],
  },
] as const satisfies readonly Command[]

export type CommandName = (typeof commands)[number]['name']
