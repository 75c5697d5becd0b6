/** The door of the vault: keyed hashes of values, the key of seals, and keys of subjects, whose deletion erases what they encrypted. */
export { type Erasure, openVault, type Revealed, type Vault, VaultError, type VaultOptions } from './vault.ts'
