/** The door of the proofs: trees over lines, their tiles, signed checkpoints, and proofs that hold without the log. Pure functions. */
export {
  type Checkpoint,
  parseCheckpoint,
  type SignedCheckpoint,
  signCheckpoint,
} from './checkpoint.ts'
export { emptyRoot, hashBytes, hashLeaf, leafHash, rowRoot } from './hash.ts'
export {
  exactBase64,
  type KeyKind,
  logSignature,
  noteCharsMax,
  parseNote,
  parseSignatures,
  parseSigner,
  parseVerifier,
  type Signature,
  type SignerKey,
  signedBy,
  signerFromSeed,
  type VerifierKey,
  witnessSignature,
} from './note.ts'
export {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  type ReadTile,
  rootAt,
  tailsOf,
} from './proofs.ts'
export {
  hashesAt,
  levelsOf,
  parseTilePath,
  rootOfTails,
  type Tile,
  TileTree,
  tilePath,
  tileWidth,
  widthOf,
} from './tiles.ts'
