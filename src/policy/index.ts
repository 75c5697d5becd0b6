/** The door of policy sources: found, unpacked, bounded, digested, compiled or loaded; and YAML with its numbers as they were written. */
export { compilePolicies, questionText } from './compile.ts'
export { loadFiles } from './load.ts'
export { loadBundles } from './load-bundles.ts'
export {
  LoadErrors,
  type Loaded,
  type LoadOptions,
  type LoadProblem,
  plainPath,
  readBounded,
  systemMessage,
} from './loading.ts'
export { type LoadedModule, loadModules } from './modules.ts'
export { loadSchemas, readDocument } from './schemas.ts'
export { type PolicyPorts, type PolicySources, readPolicySources, type WasmFile } from './sources.ts'
export { readYaml } from './yaml.ts'
