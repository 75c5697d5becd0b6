/** The door of policy sources: found, bounded, digested, compiled; and YAML with its numbers as they were written. */
export { compilePolicies } from './compile.ts'
export { type PolicyPorts, type PolicySources, readPolicySources } from './sources.ts'
export { readYaml } from './yaml.ts'
