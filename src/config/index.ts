/** The door of the configuration: text becomes a frozen `Config`, or every error with its line and what to write instead. */
export { type ConfigError, ConfigErrors, formatConfigError } from './errors.ts'
export { diskFiles, type Files } from './files.ts'
export { type LoadPorts, loadConfig, type Overrides, type Peeked, peekConfig } from './load.ts'
export { maskedConfig } from './masked.ts'
export { jsonSchema, referencePage } from './published.ts'
export { developmentServices } from './schema.ts'
