// Opens a scene, says where it is, and holds it open until it is interrupted: the browser tests can then be run against
// a real indexer of that chain. Usage: node tests/scene/hold.mjs

import { openScene } from "./chain.mjs";

const scene = await openScene();
console.log(`COUNTERSIGN_WEB_RPC=${scene.rpc}\nCOUNTERSIGN_WEB_SCENE=${scene.directory}`);
const end = () => scene.close().then(() => process.exit(0));
process.once("SIGINT", end).once("SIGTERM", end);
