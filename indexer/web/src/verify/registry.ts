/** The registry that everybody means: contracts/artifacts/KeyRegistry.json, which a test compares with this. */

import type { Hex } from "../bytes.ts";

/** The same on every chain. */
export const REGISTRY_ADDRESS: Hex = "0x45f38f2aca274ee229e45ea827983e45f2896b39";

/** Keccak-256 of its runtime code. */
export const REGISTRY_CODE_HASH: Hex = "0xad017a8d4a7d269719daa976778424e856f68aa7ea7936ffd11c33e1b4e0a6f5";
