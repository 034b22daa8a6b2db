// node_modules/@noble/hashes/utils.js
function isBytes(a) {
  return a instanceof Uint8Array || ArrayBuffer.isView(a) && a.constructor.name === "Uint8Array" && "BYTES_PER_ELEMENT" in a && a.BYTES_PER_ELEMENT === 1;
}
var atitle = (title) => title ? `"${title}" ` : "";
function anumber(n, title = "") {
  if (typeof n !== "number")
    throw new TypeError(atitle(title) + "expected number, got " + typeof n);
  if (!Number.isSafeInteger(n) || n < 0)
    throw new RangeError(atitle(title) + "expected integer >= 0, got " + n);
  return n;
}
function abool(value, title = "") {
  if (typeof value !== "boolean")
    throw new TypeError(atitle(title) + "expected boolean, got type=" + typeof value);
  return value;
}
function abytes(value, length, title = "") {
  if (isBytes(value) && (length === void 0 || value.length === length))
    return value;
  if (length !== void 0)
    anumber(length, "length");
  const bytes = isBytes(value);
  const ofLen = length !== void 0 ? ` of length ${length}` : "";
  const got = bytes ? `length=${value.length}` : `type=${typeof value}`;
  const message = atitle(title) + "expected Uint8Array" + ofLen + ", got " + got;
  if (!bytes)
    throw new TypeError(message);
  throw new RangeError(message);
}
function ahash(h) {
  if (typeof h !== "function" || typeof h.create !== "function")
    throw new TypeError("expected hash wrapped by utils.createHasher");
  anumber(h.outputLen);
  anumber(h.blockLen);
  if (h.outputLen < 1 || h.blockLen < 1)
    throw new Error("hash blockLen / outputLen must be >= 1");
}
var aobject = (value, label) => {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new TypeError((label === "object" ? "" : `"${label}" `) + "expected object, got type=" + typeof value);
};
var aopts = (value, label) => {
  aobject(value, label);
  const proto = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null)
    throw new TypeError(`"${label}" expected plain object`);
  if (Object.hasOwn(value, "__proto__"))
    throw new TypeError(`"${label}.__proto__" is not allowed`);
};
function aexists(instance, checkFinished = true) {
  if (instance.destroyed)
    throw new Error("hash was destroyed");
  if (checkFinished && instance.finished)
    throw new Error("digest() was already called");
}
function aoutput(out, instance) {
  abytes(out, void 0, "output");
  const min = instance.outputLen;
  if (!(out.length >= min)) {
    throw new RangeError('"output" expected length >= ' + min);
  }
}
function u32(arr) {
  return new Uint32Array(arr.buffer, arr.byteOffset, Math.floor(arr.byteLength / 4));
}
function clean(...arrays) {
  for (let i = 0; i < arrays.length; i++) {
    arrays[i].fill(0);
  }
}
function createView(arr) {
  return new DataView(arr.buffer, arr.byteOffset, arr.byteLength);
}
function rotr(word2, shift) {
  return word2 << 32 - shift | word2 >>> shift;
}
var isLE = /* @__PURE__ */ (() => new Uint8Array(new Uint32Array([287454020]).buffer)[0] === 68)();
function byteSwap(word2) {
  return word2 << 24 & 4278190080 | word2 << 8 & 16711680 | word2 >>> 8 & 65280 | word2 >>> 24 & 255;
}
function byteSwap32(arr) {
  for (let i = 0; i < arr.length; i++) {
    arr[i] = byteSwap(arr[i]);
  }
  return arr;
}
var swap32IfBE = isLE ? (u) => u : byteSwap32;
var hasHexBuiltin = /* @__PURE__ */ (() => (
  // @ts-ignore
  typeof Uint8Array.from([]).toHex === "function" && typeof Uint8Array.fromHex === "function"
))();
var hexes = /* @__PURE__ */ Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));
function bytesToHex(bytes) {
  abytes(bytes);
  if (hasHexBuiltin)
    return bytes.toHex();
  let hex2 = "";
  for (let i = 0; i < bytes.length; i++) {
    hex2 += hexes[bytes[i]];
  }
  return hex2;
}
function asciiToBase16(ch) {
  return ch >= 48 && ch <= 57 ? ch - 48 : ch >= 65 && ch <= 70 ? ch - (65 - 10) : ch >= 97 && ch <= 102 ? ch - (97 - 10) : void 0;
}
function hexToBytes(hex2) {
  if (typeof hex2 !== "string")
    throw new TypeError("hex string expected, got " + typeof hex2);
  if (hasHexBuiltin) {
    try {
      return Uint8Array.fromHex(hex2);
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new RangeError(error.message);
      throw error;
    }
  }
  const hl = hex2.length;
  const al = hl / 2;
  if (hl % 2)
    throw new RangeError("hex string expected, got unpadded hex of length " + hl);
  const array = new Uint8Array(al);
  for (let ai = 0, hi = 0; ai < al; ai++, hi += 2) {
    const n1 = asciiToBase16(hex2.charCodeAt(hi));
    const n2 = asciiToBase16(hex2.charCodeAt(hi + 1));
    if (n1 === void 0 || n2 === void 0) {
      const char = hex2[hi] + hex2[hi + 1];
      throw new RangeError('hex string expected, got non-hex character "' + char + '" at index ' + hi);
    }
    array[ai] = n1 * 16 + n2;
  }
  return array;
}
function utf8ToBytes(str) {
  if (typeof str !== "string")
    throw new TypeError("string expected");
  const encoded = new TextEncoder().encode(str);
  try {
    return new Uint8Array(encoded);
  } finally {
    clean(encoded);
  }
}
function concatBytes(...arrays) {
  let sum = 0;
  for (let i = 0; i < arrays.length; i++) {
    const a = arrays[i];
    abytes(a);
    sum += a.length;
  }
  const res = new Uint8Array(sum);
  for (let i = 0, pad = 0; i < arrays.length; i++) {
    const a = arrays[i];
    res.set(a, pad);
    pad += a.length;
  }
  return res;
}
function checkOpts(defaults, opts, title = "opts") {
  aopts(defaults, "defaults");
  if (opts !== void 0)
    aopts(opts, title);
  const merged = Object.assign(/* @__PURE__ */ Object.create(null), defaults, opts);
  return merged;
}
function createHasher(hashCons, info = {}) {
  if (typeof hashCons !== "function")
    throw new TypeError('"hashCons" expected function, got type=' + typeof hashCons);
  info = checkOpts({}, info, "info");
  const hashC = (msg, opts) => hashCons(opts).update(msg).digest();
  const tmp = hashCons(void 0);
  hashC.outputLen = tmp.outputLen;
  hashC.blockLen = tmp.blockLen;
  hashC.canXOF = tmp.canXOF;
  hashC.create = (opts) => hashCons(opts);
  Object.assign(hashC, info);
  return Object.freeze(hashC);
}
function randomBytes(bytesLength = 32) {
  anumber(bytesLength, "bytesLength");
  const cr = typeof globalThis === "object" ? globalThis.crypto : null;
  if (typeof cr?.getRandomValues !== "function")
    throw new Error("crypto.getRandomValues must be defined");
  if (bytesLength > 65536)
    throw new RangeError(`"bytesLength" expected <= 65536, got ${bytesLength}`);
  return cr.getRandomValues(new Uint8Array(bytesLength));
}
var oidNist = (suffix) => ({
  // Current NIST hashAlgs suffixes used here fit in one DER subidentifier octet.
  // Larger suffix values would need base-128 OID encoding and a different length byte.
  oid: Uint8Array.from([6, 9, 96, 134, 72, 1, 101, 3, 4, 2, suffix])
});

// src/bytes.ts
var toHex = (bytes) => `0x${bytesToHex(bytes)}`;
var fromHex = (hex2) => hexToBytes(hex2.slice(2));
function isHex(text2, length) {
  const fits = typeof text2 === "string" && /^0x(?:[0-9a-fA-F]{2})*$/.test(text2);
  return fits && (length === void 0 || text2.length === 2 + 2 * length);
}
var equal = (one, other) => one.length === other.length && one.every((byte, position) => byte === other[position]);
function padded(bytes, length) {
  const wide = new Uint8Array(length);
  wide.set(bytes, length - bytes.length);
  return wide;
}
var toNumber = (bytes) => bytes.length === 0 ? 0n : BigInt(toHex(bytes));
var ZERO_WORD = `0x${"0".repeat(64)}`;

// src/json.ts
var Misshapen = class extends Error {
  name = "Misshapen";
};
var text = (value, what) => typeof value === "string" ? value : wrong(what, "a text");
var whole = (value, what) => Number.isSafeInteger(value) && value >= 0 ? value : wrong(what, "a whole number");
var truth = (value, what) => typeof value === "boolean" ? value : wrong(what, "true or false");
var fields = (value, what) => typeof value === "object" && value !== null && !Array.isArray(value) ? value : wrong(what, "an object");
var hex = (length) => (value, what) => isHex(value, length) ? value.toLowerCase() : wrong(what, length === void 0 ? "hexadecimal" : `${length} bytes in hexadecimal`);
var address = hex(20);
var word = hex(32);
var quantity = (value, what) => typeof value === "string" && /^0x[0-9a-fA-F]{1,64}$/.test(value) ? BigInt(value) : wrong(what, "a quantity");
var list = (each) => (value, what) => Array.isArray(value) ? value.map((member, position) => each(member, `${what}[${position}]`)) : wrong(what, "a list");
var optional = (reading) => (value, what) => value === null || value === void 0 ? null : reading(value, what);
var oneOf = (...known) => (value, what) => known.includes(value) ? value : wrong(what, known.join(" or "));
function wrong(what, must) {
  throw new Misshapen(`${what} is not ${must}`);
}

// src/answers.ts
var EVENT_KINDS = ["registered", "rotated", "revoked", "pinned", "bundle_anchored", "operator_set"];
var tip = (value, what) => {
  const it = fields(value, what);
  return {
    number: whole(it["number"], `${what}.number`),
    hash: word(it["hash"], `${what}.hash`),
    timestamp: whole(it["timestamp"], `${what}.timestamp`),
    finalized: whole(it["finalized"], `${what}.finalized`),
    toldThrough: optional(whole)(it["told_through"], `${what}.told_through`)
  };
};
var registry = (value, what) => {
  const it = fields(value, what);
  const head = optional(fields)(it["head"], `${what}.head`);
  return {
    chainId: whole(it["chain_id"], `${what}.chain_id`),
    registry: address(it["registry"], `${what}.registry`),
    tip: optional(tip)(it["tip"], `${what}.tip`),
    head: head && { number: whole(head["number"], `${what}.head.number`) },
    lagBlocks: optional(whole)(it["lag_blocks"], `${what}.lag_blocks`),
    lagSeconds: optional(whole)(it["lag_seconds"], `${what}.lag_seconds`)
  };
};
var record = (value, what) => {
  const it = fields(value, what);
  const revoked = optional(fields)(it["revoked"], `${what}.revoked`);
  return {
    chainId: whole(it["chain_id"], `${what}.chain_id`),
    registry: address(it["registry"], `${what}.registry`),
    owner: address(it["owner"], `${what}.owner`),
    label: text(it["label"], `${what}.label`),
    version: whole(it["version"], `${what}.version`),
    status: oneOf("active", "expired", "revoked")(it["status"], `${what}.status`),
    signer: address(it["signer"], `${what}.signer`),
    x: word(it["x"], `${what}.x`),
    pinned: truth(it["pinned"], `${what}.pinned`),
    scheme: text(it["scheme"], `${what}.scheme`),
    suiteFloor: whole(it["suite_floor"], `${what}.suite_floor`),
    anchoredAt: whole(it["anchored_at"], `${what}.anchored_at`),
    validUntil: optional(whole)(it["valid_until"], `${what}.valid_until`),
    reason: revoked && text(revoked["reason"], `${what}.revoked.reason`),
    bundle: optional(word)(it["bundle"], `${what}.bundle`),
    word: word(it["word"], `${what}.word`),
    changed: place(it["changed"], `${what}.changed`)
  };
};
var registryEvent = (value, what) => {
  const it = fields(value, what);
  return {
    ...place(value, what),
    kind: oneOf(...EVENT_KINDS)(it["kind"], `${what}.kind`),
    owner: address(it["owner"], `${what}.owner`),
    label: optional(text)(it["label"], `${what}.label`),
    version: optional(whole)(it["version"], `${what}.version`),
    signer: optional(address)(it["signer"], `${what}.signer`),
    reason: optional(text)(it["reason"], `${what}.reason`),
    operator: optional(address)(it["operator"], `${what}.operator`),
    transaction: optional(word)(it["transaction"], `${what}.transaction`)
  };
};
var reorganised = (value, what) => {
  const it = fields(value, what);
  const [sequence, block] = [whole(it["sequence"], `${what}.sequence`), whole(it["block"], `${what}.block`)];
  return { kind: "reorganised", sequence, block };
};
var operator = (value, what) => {
  const it = fields(value, what);
  return {
    operator: address(it["operator"], `${what}.operator`),
    until: whole(it["until"], `${what}.until`)
  };
};
var history = (value, what) => {
  const it = fields(value, what);
  const versions = fields(it["versions"], `${what}.versions`);
  return {
    events: list(registryEvent)(it["events"], `${what}.events`),
    newest: whole(versions["newest"], `${what}.versions.newest`),
    complete: truth(versions["complete"], `${what}.versions.complete`),
    next: optional(whole)(it["next"], `${what}.next`)
  };
};
function place(value, what) {
  const it = fields(value, what);
  return {
    sequence: whole(it["sequence"], `${what}.sequence`),
    block: whole(it["block"], `${what}.block`),
    timestamp: whole(it["timestamp"], `${what}.timestamp`)
  };
}

// src/label.ts
function labelBytes(label) {
  if (label.startsWith("0x")) return isHex(label, 32) ? label.toLowerCase() : null;
  if (!/^[!-~]{0,31}$/.test(label)) return null;
  const bytes = new Uint8Array(32);
  bytes.set(utf8ToBytes(label));
  return toHex(bytes);
}
function labelSegment(label) {
  if (label === "") return "-";
  return ["-", ".", ".."].includes(label) ? labelBytes(label) ?? label : encodeURIComponent(label);
}
var labelOfSegment = (segment) => segment === "-" ? "" : segment;

// src/trouble.ts
var Trouble = class extends Error {
  constructor(message, advice, status = null) {
    super(message);
    this.advice = advice;
    this.status = status;
  }
  advice;
  status;
  name = "Trouble";
};

// src/api.ts
async function registries(signal) {
  const { body } = await ask("/v1/registries", signal);
  return understood(() => list(registry)(body["registries"], "registries"));
}
async function records(scope2, by, cursor, signal) {
  const { body } = await ask(path(scope2, "records", { ...by, cursor, limit: 50 }), signal);
  return understood(() => ({
    tip: tip(body["tip"], "tip"),
    records: list(record)(body["records"], "records"),
    next: optional(text)(body["next"], "next")
  }));
}
async function record2(scope2, owner, label, options, signal) {
  const { body } = await ask(path(scope2, `records/${owner}/${labelSegment(label)}`, options), signal, 404);
  return understood(() => ({
    tip: tip(body["tip"], "tip"),
    record: optional(record)(body["record"], "record"),
    proof: body["proof"]
  }));
}
async function history2(scope2, owner, label, before, signal) {
  const where = `records/${owner}/${labelSegment(label)}/history`;
  const { body } = await ask(path(scope2, where, { before, limit: 25 }), signal);
  return understood(() => history(body, "history"));
}
async function operators(scope2, owner, signal) {
  const { body } = await ask(path(scope2, `operators/${owner}`, {}), signal);
  return understood(() => list(operator)(body["operators"], "operators"));
}
var eventsAddress = (scope2, after) => path(scope2, "events", { after });
function path(scope2, rest, query) {
  const parameters = new URLSearchParams();
  const all = { registry: scope2.registry, ...query };
  for (const [name, value] of Object.entries(all)) {
    if (value !== null && value !== void 0) parameters.set(name, String(value));
  }
  const search2 = parameters.toString();
  return `/v1/${scope2.chainId}/${rest}${search2 && `?${search2}`}`;
}
async function ask(path2, signal, expected) {
  const response = await fetch(path2, { headers: { accept: "application/json" }, signal: signal ?? null }).catch(
    (error) => {
      if (signal?.aborted) throw error;
      throw new Trouble(
        "The indexer cannot be reached.",
        "Check your connection, and that it is running; then try again."
      );
    }
  );
  const body = await response.json().catch((error) => {
    if (signal?.aborted) throw error;
    return null;
  });
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  const fields2 = isObject ? body : {};
  if (response.status === expected && fields2["tip"]) return { body: fields2 };
  if (!response.ok) throw refused(response, fields2);
  if (!isObject) throw unreadable("it is no JSON object");
  return { body: fields2 };
}
function refused(response, problem) {
  const said = [problem["detail"], problem["title"]].find((text2) => typeof text2 === "string" && text2 !== "");
  const detail = typeof said === "string" ? said.replace(/[.\s]*$/, ".") : "";
  const trouble = (what, advice) => new Trouble([what, detail].filter(Boolean).join(" "), advice, response.status);
  switch (response.status) {
    case 400:
      return trouble("The indexer does not understand the question.", "Change what you search for.");
    case 404:
      return trouble("There is no such thing here.", "Check the chain and what you typed.");
    case 429: {
      const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
      const wait = Number.isNaN(seconds) ? "a moment" : `${seconds} s`;
      return trouble("Too many questions came from here.", `Wait ${wait}, then try again.`);
    }
    case 502:
      return trouble("The chain's endpoints do not show it.", "They may be behind: try again in some seconds.");
    case 503:
      return trouble("The indexer is not ready.", "It is still reading the chain. Try again in some seconds.");
    default:
      return trouble(`The indexer failed (${response.status}).`, "Try again; if it stays so, tell whoever runs it.");
  }
}
function understood(read) {
  try {
    return read();
  } catch (error) {
    throw error instanceof Misshapen ? unreadable(error.message) : error;
  }
}
var unreadable = (why) => new Trouble(
  `The indexer answered something that this page cannot read: ${why}.`,
  "Reload the page, in case it is older than the indexer; otherwise tell whoever runs it."
);

// src/coalesced.ts
function coalesced(work, rest) {
  let isRunning = false;
  let isWanted = false;
  const run = async () => {
    isRunning = true;
    isWanted = false;
    try {
      await work();
    } finally {
      setTimeout(() => {
        isRunning = false;
        if (isWanted) void run();
      }, rest);
    }
  };
  return () => {
    if (isRunning) isWanted = true;
    else void run();
  };
}

// src/elements.ts
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (typeof value === "boolean") made.toggleAttribute(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}
function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}
var SVG = "http://www.w3.org/2000/svg";

// src/following.ts
var Following = class {
  constructor(scope2, listener) {
    this.scope = scope2;
    this.listener = listener;
    this.#open();
  }
  scope;
  listener;
  #source = null;
  #last = null;
  #pause = FIRST_PAUSE;
  #timer;
  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
  #open() {
    this.listener.connection("connecting");
    const source = new EventSource(eventsAddress(this.scope, this.#last));
    this.#source = source;
    source.onopen = () => {
      this.#pause = FIRST_PAUSE;
      this.listener.connection("live");
    };
    source.onerror = () => this.#broken(source);
    for (const kind of [...EVENT_KINDS, "reorganised"]) {
      source.addEventListener(kind, (message) => this.#read(message));
    }
  }
  /** The browser resumes by itself what broke off; what was refused (400, 429, 503) it gives up. */
  #broken(source) {
    this.listener.connection("lost");
    if (source.readyState !== EventSource.CLOSED || source !== this.#source) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#again(source), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LAST_PAUSE);
  }
  async #again(refused3) {
    if (this.#last !== null && await isUnknown(eventsAddress(this.scope, this.#last))) this.#last = null;
    if (refused3 === this.#source) this.#open();
  }
  #read(message) {
    const event = understood2(message.data);
    if (event === null || this.#last !== null && event.sequence <= this.#last) return;
    this.#last = event.sequence;
    this.listener.told(event);
  }
};
async function isUnknown(address2) {
  const asking2 = new AbortController();
  const answer = await fetch(address2, { signal: asking2.signal }).catch(() => null);
  const is = answer?.status === 400;
  asking2.abort();
  return is;
}
function understood2(data) {
  try {
    const value = JSON.parse(data);
    const isReorganised = value?.kind === "reorganised";
    return isReorganised ? reorganised(value, "event") : registryEvent(value, "event");
  } catch {
    return null;
  }
}
var FIRST_PAUSE = 1e3;
var LAST_PAUSE = 3e4;

// node_modules/@noble/hashes/_u64.js
var U32_MASK64 = /* @__PURE__ */ (() => BigInt(2 ** 32 - 1))();
var _32n = /* @__PURE__ */ BigInt(32);
function fromBig(n, le = false) {
  if (le)
    return { h: Number(n & U32_MASK64), l: Number(n >> _32n & U32_MASK64) };
  return { h: Number(n >> _32n & U32_MASK64) | 0, l: Number(n & U32_MASK64) | 0 };
}
function split(lst, le = false) {
  const len = lst.length;
  let Ah = new Uint32Array(len);
  let Al = new Uint32Array(len);
  for (let i = 0; i < len; i++) {
    const { h, l } = fromBig(lst[i], le);
    [Ah[i], Al[i]] = [h, l];
  }
  return [Ah, Al];
}
var fromNumH = (n) => n / 2 ** 32 | 0;
var fromNumL = (n) => n >>> 0;
function setU64FromNum(view, byteOffset, n, isLE2) {
  const h = fromNumH(n);
  const l = fromNumL(n);
  view.setUint32(byteOffset, isLE2 ? l : h, isLE2);
  view.setUint32(byteOffset + 4, isLE2 ? h : l, isLE2);
}

// node_modules/@noble/hashes/sha3.js
var _0n = BigInt(0);
var _1n = BigInt(1);
var _2n = BigInt(2);
var _7n = BigInt(7);
var _256n = BigInt(256);
var _0x71n = BigInt(113);
var SHA3_PI = [];
var SHA3_ROTL = [];
var _SHA3_IOTA = [];
for (let round = 0, R = _1n, x = 1, y = 0; round < 24; round++) {
  [x, y] = [y, (2 * x + 3 * y) % 5];
  SHA3_PI.push(2 * (5 * y + x));
  SHA3_ROTL.push((round + 1) * (round + 2) / 2 % 64);
  let t = _0n;
  for (let j = 0; j < 7; j++) {
    R = (R << _1n ^ (R >> _7n) * _0x71n) % _256n;
    if (R & _2n)
      t ^= _1n << (_1n << BigInt(j)) - _1n;
  }
  _SHA3_IOTA.push(t);
}
var IOTAS = split(_SHA3_IOTA, true);
var SHA3_IOTA_H = IOTAS[0];
var SHA3_IOTA_L = IOTAS[1];
var rotlSH = (h, l, s) => h << s | l >>> 32 - s;
var rotlSL = (h, l, s) => l << s | h >>> 32 - s;
var rotlBH = (h, l, s) => l << s - 32 | h >>> 64 - s;
var rotlBL = (h, l, s) => h << s - 32 | l >>> 64 - s;
var rotlH = (h, l, s) => s > 32 ? rotlBH(h, l, s) : rotlSH(h, l, s);
var rotlL = (h, l, s) => s > 32 ? rotlBL(h, l, s) : rotlSL(h, l, s);
var B = new Uint32Array(5 * 2);
function keccakP(s, rounds = 24) {
  if (!(s instanceof Uint32Array))
    throw new TypeError('"s" expected Uint32Array(50), got type=' + typeof s);
  if (s.length !== 50)
    throw new RangeError('"s" expected Uint32Array(50), got length=' + s.length);
  anumber(rounds, "rounds");
  if (rounds < 1 || rounds > 24)
    throw new Error('"rounds" expected integer 1..24');
  for (let round = 24 - rounds; round < 24; round++) {
    for (let x = 0; x < 10; x++)
      B[x] = s[x] ^ s[x + 10] ^ s[x + 20] ^ s[x + 30] ^ s[x + 40];
    for (let x = 0; x < 10; x += 2) {
      const idx1 = (x + 8) % 10;
      const idx0 = (x + 2) % 10;
      const B0 = B[idx0];
      const B1 = B[idx0 + 1];
      const Th = rotlH(B0, B1, 1) ^ B[idx1];
      const Tl = rotlL(B0, B1, 1) ^ B[idx1 + 1];
      for (let y = 0; y < 50; y += 10) {
        s[x + y] ^= Th;
        s[x + y + 1] ^= Tl;
      }
    }
    let curH = s[2];
    let curL = s[3];
    for (let t = 0; t < 24; t++) {
      const shift = SHA3_ROTL[t];
      const Th = rotlH(curH, curL, shift);
      const Tl = rotlL(curH, curL, shift);
      const PI = SHA3_PI[t];
      curH = s[PI];
      curL = s[PI + 1];
      s[PI] = Th;
      s[PI + 1] = Tl;
    }
    for (let y = 0; y < 50; y += 10) {
      const b0 = s[y], b1 = s[y + 1], b2 = s[y + 2], b3 = s[y + 3];
      s[y] ^= ~s[y + 2] & s[y + 4];
      s[y + 1] ^= ~s[y + 3] & s[y + 5];
      s[y + 2] ^= ~s[y + 4] & s[y + 6];
      s[y + 3] ^= ~s[y + 5] & s[y + 7];
      s[y + 4] ^= ~s[y + 6] & s[y + 8];
      s[y + 5] ^= ~s[y + 7] & s[y + 9];
      s[y + 6] ^= ~s[y + 8] & b0;
      s[y + 7] ^= ~s[y + 9] & b1;
      s[y + 8] ^= ~b0 & b2;
      s[y + 9] ^= ~b1 & b3;
    }
    s[0] ^= SHA3_IOTA_H[round];
    s[1] ^= SHA3_IOTA_L[round];
  }
  clean(B);
}
var Keccak = class _Keccak {
  state;
  pos = 0;
  posOut = 0;
  finished = false;
  state32;
  destroyed = false;
  blockLen;
  suffix;
  outputLen;
  canXOF;
  enableXOF = false;
  rounds;
  // NOTE: we accept arguments in bytes instead of bits here.
  constructor(blockLen, suffix, outputLen, enableXOF = false, rounds = 24) {
    anumber(blockLen, "blockLen");
    anumber(suffix, "suffix");
    anumber(rounds, "rounds");
    abool(enableXOF, "enableXOF");
    this.blockLen = blockLen;
    this.suffix = suffix;
    this.outputLen = outputLen;
    this.enableXOF = enableXOF;
    this.canXOF = enableXOF;
    this.rounds = rounds;
    anumber(outputLen, "outputLen");
    if (!(0 < blockLen && blockLen < 200))
      throw new Error('"blockLen" must be 1..199');
    this.state = new Uint8Array(200);
    this.state32 = u32(this.state);
  }
  clone() {
    return this._cloneInto();
  }
  keccak() {
    swap32IfBE(this.state32);
    keccakP(this.state32, this.rounds);
    swap32IfBE(this.state32);
    this.posOut = 0;
    this.pos = 0;
  }
  update(data) {
    aexists(this);
    abytes(data);
    const { blockLen, state, state32 } = this;
    const len = data.length;
    const canUseU32 = blockLen % 4 === 0 && data.byteOffset % 4 === 0;
    const blockLen32 = blockLen / 4;
    const data32 = canUseU32 && len >= blockLen ? u32(data) : void 0;
    for (let pos = 0; pos < len; ) {
      if (data32 !== void 0 && this.pos === 0 && pos % 4 === 0 && len - pos >= blockLen) {
        for (let i = 0, o = pos / 4; i < blockLen32; i++)
          state32[i] ^= data32[o + i];
        pos += blockLen;
        this.pos = blockLen;
        this.keccak();
        continue;
      }
      const take = Math.min(blockLen - this.pos, len - pos);
      for (let i = 0; i < take; i++)
        state[this.pos++] ^= data[pos++];
      if (this.pos === blockLen)
        this.keccak();
    }
    return this;
  }
  finish() {
    if (this.finished)
      return;
    this.finished = true;
    const { state, suffix, pos, blockLen } = this;
    state[pos] ^= suffix;
    if ((suffix & 128) !== 0 && pos === blockLen - 1)
      this.keccak();
    state[blockLen - 1] ^= 128;
    this.keccak();
  }
  writeInto(out) {
    aexists(this, false);
    abytes(out);
    this.finish();
    const bufferOut = this.state;
    const { blockLen } = this;
    for (let pos = 0, len = out.length; pos < len; ) {
      if (this.posOut >= blockLen)
        this.keccak();
      const take = Math.min(blockLen - this.posOut, len - pos);
      out.set(bufferOut.subarray(this.posOut, this.posOut + take), pos);
      this.posOut += take;
      pos += take;
    }
    return out;
  }
  xofInto(out) {
    if (!this.enableXOF)
      throw new Error("XOF is not enabled");
    return this.writeInto(out);
  }
  xof(bytes) {
    anumber(bytes);
    return this.xofInto(new Uint8Array(bytes));
  }
  digestInto(out) {
    aoutput(out, this);
    if (this.finished)
      throw new Error("digest() was already called");
    this.writeInto(out.length === this.outputLen ? out : out.subarray(0, this.outputLen));
    this.destroy();
  }
  digest() {
    const out = new Uint8Array(this.outputLen);
    this.digestInto(out);
    return out;
  }
  destroy() {
    this.destroyed = true;
    clean(this.state);
  }
  _cloneInto(to) {
    const { blockLen, suffix, outputLen, rounds, enableXOF } = this;
    to ||= new _Keccak(blockLen, suffix, outputLen, enableXOF, rounds);
    to.blockLen = blockLen;
    to.state32.set(this.state32);
    to.pos = this.pos;
    to.posOut = this.posOut;
    to.finished = this.finished;
    to.rounds = rounds;
    to.suffix = suffix;
    to.outputLen = outputLen;
    to.enableXOF = enableXOF;
    to.canXOF = this.canXOF;
    to.destroyed = this.destroyed;
    return to;
  }
};
var genKeccak = (suffix, blockLen, outputLen, info = {}) => createHasher(() => new Keccak(blockLen, suffix, outputLen), info);
var keccak_256 = /* @__PURE__ */ genKeccak(1, 136, 32);

// src/account.ts
function checksummed(address2) {
  const digits = address2.slice(2).toLowerCase();
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)));
  const cased = [...digits].map((digit, position) => {
    const high = Number.parseInt(hash[position] ?? "0", 16) >= 8;
    return high ? digit.toUpperCase() : digit;
  });
  return `0x${cased.join("")}`;
}
function isWellSpelt(address2) {
  const digits = address2.slice(2);
  return digits === digits.toLowerCase() || digits === digits.toUpperCase() || address2 === checksummed(address2);
}

// src/query.ts
function readQuery(input) {
  const text2 = input.trim();
  if (text2 === "") throw new Trouble("Nothing was typed.", "Type an address, a label, a public key or a DID.");
  if (/^did:/i.test(text2)) return decentralised(text2);
  const account = /^(?:eip155:(\d{1,15}):)?(0x[0-9a-fA-F]{40})(?:#(.*))?$/.exec(text2);
  if (account) return ofAccount(account[2], account[1], account[3]);
  if (isHex(text2, 33) || isHex(text2, 65)) return { kind: "key", key: lower(text2), chainId: null };
  if (/^0x/i.test(text2) && !isHex(text2, 32)) {
    throw new Trouble(
      `This has ${text2.length - 2} characters behind 0x, or some that are no hexadecimal digits.`,
      "An address has 40 digits, a label's bytes 64, a public key 66 or 130."
    );
  }
  if (labelBytes(text2) === null) {
    throw new Trouble("This is no label.", "A label has at most 31 characters: letters, digits and signs, no spaces.");
  }
  return { kind: "label", label: isHex(text2) ? lower(text2) : text2 };
}
function ofAccount(address2, chain, label) {
  if (!isWellSpelt(address2)) {
    throw new Trouble(
      "This address is mistyped: its capital letters do not fit its digits (EIP-55).",
      "Copy it again, or write it in small letters if you are sure of it."
    );
  }
  const chainId = chain === void 0 ? null : Number(chain);
  if (label === void 0) return { kind: "address", address: lower(address2), chainId };
  if (labelBytes(label) === null)
    throw new Trouble("What stands behind # is no label.", "A label has at most 31 characters, no spaces.");
  return { kind: "record", owner: lower(address2), label, chainId };
}
function decentralised(text2) {
  const did = text2.replace(/[?#/].*$/, "");
  const pkh = /^did:pkh:eip155:(\d{1,15}):(0x[0-9a-fA-F]{40})$/i.exec(did);
  if (pkh) return ofAccount(pkh[2], pkh[1], void 0);
  const ethr = /^did:ethr:(?:([0-9a-z]+):)?(0x(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{66}))$/i.exec(did);
  const network = ethr?.[1]?.toLowerCase();
  const chainId = network === void 0 ? null : NETWORKS.get(network) ?? Number(network);
  if (!ethr || Number.isNaN(chainId)) {
    throw new Trouble(
      "This DID is of a kind that says nothing here.",
      "Those of the methods did:pkh (eip155) and did:ethr do: each names an account."
    );
  }
  const subject = ethr[2];
  if (isHex(subject, 33)) return { kind: "key", key: lower(subject), chainId };
  return ofAccount(subject, chainId === null ? void 0 : String(chainId), void 0);
}
var lower = (hex2) => hex2.toLowerCase();
var NETWORKS = /* @__PURE__ */ new Map([
  ["mainnet", 1],
  ["sepolia", 11155111],
  ["hoodi", 560048]
]);

// src/route.ts
function readRoute(hash) {
  const [path2 = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const segments = path2.split("/").map(unescaped);
  const parameters = new URLSearchParams(query);
  const [chain, view, first, second, ...more] = segments;
  if (path2 === "") return { view: "home", scope: null };
  if (!chain || !/^\d{1,15}$/.test(chain) || more.length > 0) return { view: "lost" };
  const registry2 = parameters.get("registry");
  const scope2 = { chainId: Number(chain), registry: isHex(registry2, 20) ? registry2 : null };
  if (view === void 0 || view === "") return { view: "home", scope: scope2 };
  if (view === "search" && first && second === void 0) return { view: "search", scope: scope2, text: first };
  if (view === "record" && isHex(first, 20) && second !== void 0 && labelBytes(labelOfSegment(second)) !== null) {
    const block = parameters.get("block") ?? "";
    const at = /^\d{1,15}$/.test(block) ? Number(block) : null;
    return { view: "record", scope: scope2, owner: first.toLowerCase(), label: labelOfSegment(second), block: at };
  }
  return { view: "lost" };
}
var homeLink = (scope2) => link(scope2, "", {});
var searchLink = (scope2, text2) => link(scope2, `/search/${encodeURIComponent(text2)}`, {});
var recordLink = (scope2, owner, label, block = null) => link(scope2, `/record/${owner}/${labelSegment(label)}`, block === null ? {} : { block: String(block) });
function link(scope2, rest, query) {
  const parameters = new URLSearchParams({ ...scope2.registry && { registry: scope2.registry }, ...query }).toString();
  return `#/${scope2.chainId}${rest}${parameters && `?${parameters}`}`;
}
function unescaped(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

// src/wording.ts
function moment(seconds) {
  const date = new Date(seconds * 1e3);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
function distance(seconds, now = Date.now() / 1e3) {
  const apart = seconds - now;
  const [unit, size] = UNITS.find(([, size2]) => Math.abs(apart) >= size2) ?? ["second", 1];
  return RELATIVE.format(Math.trunc(apart / size), unit);
}
var counted = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
var spelt = (code) => code.replaceAll("_", " ");
var shortened = (hex2) => hex2.length > 16 ? `${hex2.slice(0, 8)}…${hex2.slice(-6)}` : hex2;
var labelled = (label) => label === "" ? "default label" : label;
var suiteFloor = (floor) => ["classical", "hybrid"][floor] ?? `level ${floor}`;
var RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
var UNITS = [
  ["year", 31557600],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60]
];

// src/views/occurrence.ts
function occurrence(event) {
  const version = event.version === null ? "" : `version ${event.version}`;
  switch (event.kind) {
    case "registered":
      return `registered ${version}`;
    case "rotated":
      return `rotated to ${version}`;
    case "revoked":
      return `revoked ${version}: ${spelt(event.reason ?? "unspecified")}`;
    case "pinned":
      return `pinned the key of ${version}`;
    case "bundle_anchored":
      return `anchored a bundle beside ${version}`;
    case "operator_set":
      return `appointed or dismissed the operator ${shortened(event.operator ?? "")}`;
  }
}
var kindIcon = (kind) => icon(kind === "revoked" || kind === "rotated" ? kind : "event");
var when = (seconds) => element("time", { datetime: new Date(Math.min(seconds, LAST_SECOND) * 1e3).toISOString() }, moment(seconds));
var LAST_SECOND = 864e10;

// src/views/feed.ts
var Feed = class {
  constructor(scope2) {
    this.scope = scope2;
    this.#list.replaceChildren();
    this.#empty();
    this.#all.onchange = () => this.#filter();
    this.#pause.onclick = () => this.#toggle();
    this.#filter();
  }
  scope;
  #lines = [];
  #list = byId("feed-list");
  #all = byId("feed-all");
  #pause = byId("feed-pause");
  #waiting = [];
  #frame = null;
  told(event) {
    this.#waiting.push(event);
    this.#schedule();
  }
  connection(state) {
    const words = { connecting: "Connecting…", live: "Live", lost: "Broken off; it goes on by itself" };
    byId("feed-state").replaceChildren(icon(state === "live" ? "level" : "behind"), words[state]);
  }
  get #isPaused() {
    return this.#pause.getAttribute("aria-pressed") === "true";
  }
  #toggle() {
    this.#pause.setAttribute("aria-pressed", String(!this.#isPaused));
    this.#schedule();
  }
  /** Many events at once are drawn once. */
  #schedule() {
    this.#pause.textContent = this.#isPaused && this.#waiting.length > 0 ? `Paused, ${this.#waiting.length} waiting` : "Pause";
    if (this.#isPaused || this.#frame !== null || this.#waiting.length === 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw(this.#waiting.splice(0));
    });
  }
  #draw(events) {
    byId("feed-empty").hidden = true;
    for (const event of events.slice(-MAX_LINES)) this.#add(event);
    for (const { element: old } of this.#lines.splice(MAX_LINES)) old.remove();
    this.#announce(events);
  }
  #add(event) {
    if (event.kind === "reorganised") this.#undo(event.block);
    const added = event.kind === "reorganised" ? reorganisation(event.block) : this.#entry(event);
    this.#lines.unshift({ block: event.kind === "reorganised" ? -1 : event.block, element: added });
    this.#list.prepend(added);
  }
  #undo(block) {
    for (const line of this.#lines) {
      if (line.block <= block || line.element.classList.contains("undone")) continue;
      line.element.classList.add("undone");
      line.element.append(
        element("span", { class: "undone-note" }, "undone: its block is no longer part of the chain")
      );
    }
  }
  #entry(event) {
    const who = event.label === null ? element("code", { class: "hex" }, shortened(checksummed(event.owner))) : element("a", { href: recordLink(this.scope, event.owner, event.label) }, nameOf(event));
    return element(
      "li",
      { class: `${event.kind} ${isMain(event) ? "main" : "other"}` },
      kindIcon(event.kind),
      element(
        "div",
        {},
        element("span", { class: "what" }, who, ` ${occurrence(event)}`),
        element("span", { class: "dim" }, `block ${event.block}, `, when(event.timestamp))
      )
    );
  }
  /** For those who hear the page: one by one while they are few, otherwise how many. */
  #announce(events) {
    const heard = events.filter((event) => this.#all.checked || isMain(event));
    if (heard.length === 0) return;
    const text2 = heard.length > MAX_SPOKEN ? counted(heard.length, "new event") : heard.map(spoken).join(". ");
    byId("feed-spoken").textContent = text2;
  }
  #filter() {
    this.#list.classList.toggle("all", this.#all.checked);
  }
  #empty() {
    byId("feed-empty").hidden = false;
    byId("feed-spoken").textContent = "";
  }
};
var isMain = (event) => ["rotated", "revoked", "reorganised"].includes(event.kind);
var nameOf = (event) => `${event.label ? labelled(event.label) : ""} ${shortened(checksummed(event.owner))}`.trim();
var spoken = (event) => event.kind === "reorganised" ? `The chain was reorganised: what was told after block ${event.block} is undone` : `${nameOf(event)} ${occurrence(event)}`;
function reorganisation(block) {
  const text2 = `The chain was reorganised: what was told after block ${block} is undone.`;
  return element(
    "li",
    { class: "reorganised main" },
    icon("behind"),
    element("div", {}, element("span", { class: "what" }, text2))
  );
}
var MAX_LINES = 50;
var MAX_SPOKEN = 3;

// src/views/status.ts
var badge = (status) => element("span", { class: `badge ${status}` }, icon(status), WORDS[status]);
function meaning({ status, reason, validUntil }) {
  const end = validUntil === null ? null : `${distance(validUntil)} (${moment(validUntil)})`;
  switch (status) {
    case "active":
      return end === null ? "The key is good, and no end is set." : `The key is good. It ends ${end}.`;
    case "expired":
      return `The key ended ${end ?? ""}. Do not accept it until its owner renews it.`;
    case "revoked":
      return `The owner withdrew the key: ${spelt(reason ?? "unspecified")}. Do not accept it.`;
  }
}
var WORDS = { active: "Active", expired: "Expired", revoked: "Revoked" };

// src/views/view.ts
var heading = (...children) => element("h1", { tabindex: "-1" }, ...children);
function troubleBox(trouble, again) {
  const retry = again && element("button", { type: "button", click: again }, "Try again");
  return element(
    "div",
    { class: "trouble", role: "alert" },
    element("p", {}, element("strong", {}, trouble.message)),
    element("p", {}, trouble.advice),
    retry
  );
}
var hexText = (hex2) => element("code", { class: "hex" }, hex2);
function copiable(hex2, what) {
  const button = element("button", { type: "button", class: "quiet", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", () => {
    void navigator.clipboard.writeText(hex2).then(
      () => button.textContent = "Copied",
      () => button.textContent = "Select it by hand"
    );
  });
  return element("span", { class: "copiable" }, hexText(hex2), button);
}

// src/views/list.ts
function recordList(scope2, found, more) {
  const rows = element("ul", { class: "records" }, ...found.records.map((record3) => row(scope2, record3)));
  const section = element("div", {}, rows);
  if (found.next !== null) section.append(furtherButton(scope2, rows, found.next, more));
  return section;
}
function furtherButton(scope2, rows, first, more) {
  let cursor = first;
  const button = element("button", { type: "button" }, "Show more");
  const go = async () => {
    button.disabled = true;
    try {
      const found = await more(cursor);
      const added = found.records.map((record3) => row(scope2, record3));
      rows.append(...added);
      added[0]?.querySelector("a")?.focus();
      if (found.next === null) button.remove();
      else cursor = found.next;
    } catch (error) {
      if (error instanceof Trouble) rows.after(troubleBox(error, null));
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => void go());
  return button;
}
function row(scope2, record3) {
  const { owner, label, version, changed } = record3;
  return element(
    "li",
    {},
    badge(record3.status),
    element(
      "a",
      { href: recordLink(scope2, owner, label) },
      element("span", { class: "label" }, labelled(label)),
      element("code", { class: "hex" }, checksummed(owner))
    ),
    element("span", { class: "dim" }, `version ${version}, changed ${distance(changed.timestamp)}`)
  );
}

// src/views/progress.ts
function lagText({ tip: tip2, head, lagBlocks, lagSeconds }) {
  if (tip2 === null) return pill("behind", "nothing indexed yet");
  const at = `block ${tip2.number.toLocaleString("en")}`;
  if (head === null || lagBlocks === null) return pill("behind", `${at}; the chain cannot be asked`);
  if (lagBlocks <= CLOSE) return pill("level", `${at}, level with the chain`);
  const seconds = lagSeconds === null ? "" : `, ${counted(lagSeconds, "second")}`;
  return pill("behind", `${at}, ${counted(lagBlocks, "block")}${seconds} behind`);
}
var pill = (kind, text2) => element("span", { class: `pill ${kind}` }, icon(kind), text2);
var CLOSE = 1;

// src/views/home.ts
async function homeView(scope2, all, signal) {
  const found = await records(scope2, {}, null, signal);
  const list2 = recordList(scope2, found, (cursor) => records(scope2, {}, cursor, signal));
  const empty = element("p", {}, "Nobody has registered a key on this chain yet.");
  const body = [
    heading("Keys by account"),
    element(
      "p",
      { class: "lead" },
      "Accounts anchor their identity keys in the Countersign registry. Look one up, and check the answer in this browser: ",
      "the indexer behind this page need not be believed."
    ),
    ...all.length > 1 ? [registryTable(all)] : [],
    element("section", { class: "card" }, element("h2", {}, "Records"), found.records.length === 0 ? empty : list2)
  ];
  return { title: `Keys by account on chain ${scope2.chainId}`, body };
}
function registryTable(all) {
  const rows = all.map((registry2) => {
    const { chainId, registry: address2 } = registry2;
    const isOnly = all.filter((other) => other.chainId === chainId).length === 1;
    const href = homeLink({ chainId, registry: isOnly ? null : address2 });
    const name = element("a", { href }, `Chain ${chainId}`);
    return element("li", {}, name, element("code", { class: "hex" }, checksummed(address2)), lagText(registry2));
  });
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "Registries"),
    element("ul", { class: "registries" }, ...rows)
  );
}

// src/views/history.ts
async function historySection(scope2, owner, label, signal) {
  const first = await history2(scope2, owner, label, null, signal);
  const events = element("ol", { class: "history" });
  const line = (event) => entry(event, recordLink(scope2, owner, label, event.block));
  events.append(...first.events.map(line));
  const complete = first.complete ? `All versions up to ${first.newest} are here: the registry counts them, so none can be left out unseen.` : "Some versions are missing here: this history is not whole.";
  const parts = [element("p", { class: first.complete ? "dim" : "note" }, complete), events];
  if (first.next !== null) {
    parts.push(
      olderButton(first.next, async (before) => {
        const older = await history2(scope2, owner, label, before, signal);
        events.append(...older.events.map(line));
        return older.next;
      })
    );
  }
  return parts;
}
function entry(event, atBlock) {
  const what = occurrence(event);
  const signer = event.signer && element("span", { class: "detail" }, "signer ", hexText(event.signer));
  const transaction = event.transaction && element("span", { class: "detail" }, "transaction ", hexText(event.transaction));
  return element(
    "li",
    { class: event.kind },
    kindIcon(event.kind),
    element(
      "div",
      {},
      element("strong", {}, what.charAt(0).toUpperCase() + what.slice(1)),
      element(
        "span",
        { class: "dim" },
        when(event.timestamp),
        ", ",
        element("a", { href: atBlock }, `block ${event.block}`)
      ),
      signer,
      transaction
    )
  );
}
function olderButton(first, load) {
  let before = first;
  const button = element("button", { type: "button" }, "Show older");
  const go = async () => {
    button.disabled = true;
    try {
      const next = await load(before);
      if (next === null) button.remove();
      else before = next;
    } catch (error) {
      if (error instanceof Trouble) button.before(troubleBox(error, null));
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => void go());
  return button;
}

// node_modules/@noble/hashes/_md.js
function Chi(a, b, c) {
  return a & b ^ ~a & c;
}
function Maj(a, b, c) {
  return a & b ^ a & c ^ b & c;
}
var HashMD = class {
  blockLen;
  outputLen;
  canXOF = false;
  padOffset;
  isLE;
  // For partial updates less than block size
  buffer;
  view;
  finished = false;
  length = 0;
  pos = 0;
  destroyed = false;
  constructor(blockLen, outputLen, padOffset, isLE2) {
    this.blockLen = blockLen;
    this.outputLen = outputLen;
    this.padOffset = padOffset;
    this.isLE = isLE2;
    this.buffer = new Uint8Array(blockLen);
    this.view = createView(this.buffer);
  }
  update(data) {
    aexists(this);
    abytes(data);
    const { view, buffer, blockLen } = this;
    const len = data.length;
    let processed = false;
    for (let pos = 0; pos < len; ) {
      const take = Math.min(blockLen - this.pos, len - pos);
      if (take === blockLen) {
        const dataView = createView(data);
        for (; blockLen <= len - pos; pos += blockLen)
          this.process(dataView, pos);
        processed = true;
        continue;
      }
      buffer.set(pos === 0 && take === len ? data : data.subarray(pos, pos + take), this.pos);
      this.pos += take;
      pos += take;
      if (this.pos === blockLen) {
        this.process(view, 0);
        this.pos = 0;
        processed = true;
      }
    }
    this.length += data.length;
    if (processed)
      this.roundClean();
    return this;
  }
  digestInto(out) {
    aexists(this);
    aoutput(out, this);
    this.finished = true;
    const { buffer, view, blockLen, isLE: isLE2 } = this;
    let { pos } = this;
    buffer[pos++] = 128;
    buffer.fill(0, pos);
    if (this.padOffset > blockLen - pos) {
      this.process(view, 0);
      buffer.fill(0);
    }
    setU64FromNum(view, blockLen - 8, this.length * 8, isLE2);
    this.process(view, 0);
    this.roundClean();
    const oview = out === buffer ? view : createView(out);
    const len = this.outputLen;
    const outLen = len / 4;
    const state = this.get();
    if (len % 4 || outLen > state.length)
      throw new Error("invalid outputLen");
    for (let i = 0; i < outLen; i++)
      oview.setUint32(4 * i, state[i], isLE2);
  }
  digest() {
    const { buffer, outputLen } = this;
    this.digestInto(buffer);
    const res = buffer.slice(0, outputLen);
    this.destroy();
    return res;
  }
  _cloneIntoMeta(to) {
    const { buffer, length, finished, destroyed, pos } = this;
    to.destroyed = destroyed;
    to.finished = finished;
    to.length = length;
    to.pos = pos;
    if (pos)
      to.buffer.set(buffer);
    return to;
  }
  clone() {
    return this._cloneInto();
  }
};
var SHA256_IV = /* @__PURE__ */ Uint32Array.from([
  1779033703,
  3144134277,
  1013904242,
  2773480762,
  1359893119,
  2600822924,
  528734635,
  1541459225
]);

// node_modules/@noble/hashes/sha2.js
var SHA256_K = /* @__PURE__ */ Uint32Array.from([
  1116352408,
  1899447441,
  3049323471,
  3921009573,
  961987163,
  1508970993,
  2453635748,
  2870763221,
  3624381080,
  310598401,
  607225278,
  1426881987,
  1925078388,
  2162078206,
  2614888103,
  3248222580,
  3835390401,
  4022224774,
  264347078,
  604807628,
  770255983,
  1249150122,
  1555081692,
  1996064986,
  2554220882,
  2821834349,
  2952996808,
  3210313671,
  3336571891,
  3584528711,
  113926993,
  338241895,
  666307205,
  773529912,
  1294757372,
  1396182291,
  1695183700,
  1986661051,
  2177026350,
  2456956037,
  2730485921,
  2820302411,
  3259730800,
  3345764771,
  3516065817,
  3600352804,
  4094571909,
  275423344,
  430227734,
  506948616,
  659060556,
  883997877,
  958139571,
  1322822218,
  1537002063,
  1747873779,
  1955562222,
  2024104815,
  2227730452,
  2361852424,
  2428436474,
  2756734187,
  3204031479,
  3329325298
]);
var SHA256_W = /* @__PURE__ */ new Uint32Array(64);
var SHA2_32B = class extends HashMD {
  // We cannot use array here since array allows indexing by variable
  // which means optimizer/compiler cannot use registers.
  // Numeric initializers matter: starting the fields as `undefined` changes
  // V8's field representation and makes sha256 3x slower (measured).
  A = 0;
  B = 0;
  C = 0;
  D = 0;
  E = 0;
  F = 0;
  G = 0;
  H = 0;
  constructor(outputLen, IV) {
    super(64, outputLen, 8, false);
    this.A = IV[0] | 0;
    this.B = IV[1] | 0;
    this.C = IV[2] | 0;
    this.D = IV[3] | 0;
    this.E = IV[4] | 0;
    this.F = IV[5] | 0;
    this.G = IV[6] | 0;
    this.H = IV[7] | 0;
  }
  get() {
    const { A, B: B2, C, D, E, F, G, H } = this;
    return [A, B2, C, D, E, F, G, H];
  }
  // prettier-ignore
  set(A, B2, C, D, E, F, G, H) {
    this.A = A | 0;
    this.B = B2 | 0;
    this.C = C | 0;
    this.D = D | 0;
    this.E = E | 0;
    this.F = F | 0;
    this.G = G | 0;
    this.H = H | 0;
  }
  _cloneInto(to) {
    (to ||= new this.constructor()).set(...this.get());
    return this._cloneIntoMeta(to);
  }
  process(view, offset) {
    for (let i = 0; i < 16; i++, offset += 4)
      SHA256_W[i] = view.getUint32(offset, false);
    for (let i = 16; i < 64; i++) {
      const W15 = SHA256_W[i - 15];
      const W2 = SHA256_W[i - 2];
      const s0 = rotr(W15, 7) ^ rotr(W15, 18) ^ W15 >>> 3;
      const s1 = rotr(W2, 17) ^ rotr(W2, 19) ^ W2 >>> 10;
      SHA256_W[i] = s1 + SHA256_W[i - 7] + s0 + SHA256_W[i - 16] | 0;
    }
    let { A, B: B2, C, D, E, F, G, H } = this;
    for (let i = 0; i < 64; i++) {
      const sigma1 = rotr(E, 6) ^ rotr(E, 11) ^ rotr(E, 25);
      const T1 = H + sigma1 + Chi(E, F, G) + SHA256_K[i] + SHA256_W[i] | 0;
      const sigma0 = rotr(A, 2) ^ rotr(A, 13) ^ rotr(A, 22);
      const T2 = sigma0 + Maj(A, B2, C) | 0;
      H = G;
      G = F;
      F = E;
      E = D + T1 | 0;
      D = C;
      C = B2;
      B2 = A;
      A = T1 + T2 | 0;
    }
    A = A + this.A | 0;
    B2 = B2 + this.B | 0;
    C = C + this.C | 0;
    D = D + this.D | 0;
    E = E + this.E | 0;
    F = F + this.F | 0;
    G = G + this.G | 0;
    H = H + this.H | 0;
    this.set(A, B2, C, D, E, F, G, H);
  }
  roundClean() {
    clean(SHA256_W);
  }
  destroy() {
    this.destroyed = true;
    this.set(0, 0, 0, 0, 0, 0, 0, 0);
    clean(this.buffer);
  }
};
var _SHA256 = class extends SHA2_32B {
  constructor() {
    super(32, SHA256_IV);
  }
};
var sha256 = /* @__PURE__ */ createHasher(
  () => new _SHA256(),
  /* @__PURE__ */ oidNist(1)
);

// node_modules/@noble/curves/utils.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
function aarray(item, title, inner = () => {
}) {
  if (!Array.isArray(item))
    throw new TypeError(`"${title}" expected array, got type=${typeof item}`);
  for (let i = 0; i < item.length; i++)
    inner(item[i], `${title}[${i}]`);
  return item;
}
var abytes2 = (value, length, title) => abytes(value, length, title);
var anumber2 = anumber;
function astring(value, title = "") {
  if (typeof value !== "string") {
    const prefix = title && `"${title}" `;
    throw new TypeError(prefix + "expected string, got type=" + typeof value);
  }
  return value;
}
function aobject2(value, title = "object") {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new TypeError(title === "object" ? "expected valid options object" : `"${title}" expected object, got type=${typeof value}`);
  return value;
}
function afunction(value, title) {
  if (typeof value !== "function")
    throw new TypeError(`"${title}" is invalid: expected function, got ${typeof value}`);
  return value;
}
var bytesToHex2 = bytesToHex;
var concatBytes2 = (...arrays) => concatBytes(...arrays);
var hexToBytes2 = (hex2) => hexToBytes(hex2);
var isBytes2 = isBytes;
var randomBytes2 = (bytesLength) => randomBytes(bytesLength);
var _0n2 = /* @__PURE__ */ BigInt(0);
var _1n2 = /* @__PURE__ */ BigInt(1);
var atitle2 = (title) => title ? `"${title}" ` : "";
function abool2(value, title = "") {
  if (typeof value !== "boolean")
    throw new TypeError(atitle2(title) + "expected boolean, got type=" + typeof value);
  return value;
}
function abignumber(n) {
  if (typeof n === "bigint") {
    if (!isPosBig(n))
      throw new RangeError("positive bigint expected, got " + n);
  } else
    anumber2(n);
  return n;
}
function asafenumber(value, title = "") {
  if (typeof value !== "number") {
    const prefix = title && `"${title}" `;
    throw new TypeError(prefix + "expected number, got type=" + typeof value);
  }
  if (!Number.isSafeInteger(value)) {
    const prefix = title && `"${title}" `;
    throw new RangeError(prefix + "expected safe integer, got " + value);
  }
}
function numberToHexUnpadded(num) {
  const hex2 = abignumber(num).toString(16);
  return hex2.length & 1 ? "0" + hex2 : hex2;
}
function hexToNumber(hex2) {
  if (typeof hex2 !== "string")
    throw new TypeError("hex string expected, got " + typeof hex2);
  return hex2 === "" ? _0n2 : BigInt("0x" + hex2);
}
function bytesToNumberBE(bytes) {
  return hexToNumber(bytesToHex(bytes));
}
function bytesToNumberLE(bytes) {
  return hexToNumber(bytesToHex(copyBytes(abytes(bytes)).reverse()));
}
function numberToBytesBE(n, len) {
  anumber(len);
  if (len === 0)
    throw new Error("zero output length is invalid");
  n = abignumber(n);
  const expectedLen = len * 2;
  const hex2 = n.toString(16);
  if (hex2.length > expectedLen)
    throw new RangeError("number is too large");
  return hexToBytes(hex2.padStart(expectedLen, "0"));
}
function numberToBytesLE(n, len) {
  return numberToBytesBE(n, len).reverse();
}
function copyBytes(bytes) {
  return Uint8Array.from(abytes2(bytes));
}
function isPosBig(n) {
  return typeof n === "bigint" && _0n2 <= n;
}
function inRange(n, min, max) {
  return isPosBig(n) && isPosBig(min) && isPosBig(max) && min <= n && n < max;
}
function aInRange(title, n, min, max) {
  if (!inRange(n, min, max))
    throw new RangeError("expected valid " + title + ": " + min + " <= n < " + max + ", got " + n);
}
function bitLen(n) {
  if (n < _0n2)
    throw new Error("expected non-negative bigint, got " + n);
  return n === _0n2 ? 0 : n.toString(2).length;
}
var bitMask = (n) => {
  asafenumber(n, "n");
  return (_1n2 << BigInt(n)) - _1n2;
};
function createHmacDrbg(hashLen, qByteLen, hmacFn) {
  anumber(hashLen, "hashLen");
  anumber(qByteLen, "qByteLen");
  if (typeof hmacFn !== "function")
    throw new TypeError("hmacFn must be a function");
  const u8n = (len) => new Uint8Array(len);
  const NULL = Uint8Array.of();
  const byte0 = Uint8Array.of(0);
  const byte1 = Uint8Array.of(1);
  const _maxDrbgIters = 1e3;
  let v = u8n(hashLen);
  let k = u8n(hashLen);
  let i = 0;
  const reset = () => {
    v.fill(1);
    k.fill(0);
    i = 0;
  };
  const h = (...msgs) => hmacFn(k, concatBytes2(v, ...msgs));
  const reseed = (seed = NULL) => {
    k = h(byte0, seed);
    v = h();
    if (seed.length === 0)
      return;
    k = h(byte1, seed);
    v = h();
  };
  const gen = () => {
    if (i++ >= _maxDrbgIters)
      throw new Error("drbg: tried max amount of iterations");
    let len = 0;
    const out = [];
    while (len < qByteLen) {
      v = h();
      const sl = v.slice();
      out.push(sl);
      len += v.length;
    }
    return concatBytes2(...out);
  };
  const genUntil = (seed, pred) => {
    reset();
    reseed(seed);
    let res = void 0;
    while ((res = pred(gen())) === void 0)
      reseed();
    reset();
    return res;
  };
  return genUntil;
}
function validateObject(object, fields2 = {}, optFields = {}, title = "object") {
  aobject2(object, title);
  aobject2(fields2, "fields");
  aobject2(optFields, "optFields");
  function checkField(fieldName, expectedType, isOpt) {
    const label = title === "object" ? `param "${String(fieldName)}"` : `"${title}.${String(fieldName)}"`;
    const val = object[fieldName];
    if (!Object.hasOwn(object, fieldName) && (isOpt ? val !== void 0 : expectedType !== "function")) {
      throw new TypeError(`${label} is invalid: expected own property`);
    }
    if (isOpt && val === void 0)
      return;
    const current = typeof val;
    if (current !== expectedType || val === null)
      throw new TypeError(`${label} is invalid: expected ${expectedType}, got ${current}`);
  }
  const iter = (f, isOpt) => Object.entries(f).forEach(([k, v]) => checkField(k, v, isOpt));
  iter(fields2, false);
  iter(optFields, true);
}

// node_modules/@noble/curves/abstract/modular.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n3 = /* @__PURE__ */ BigInt(0);
var _1n3 = /* @__PURE__ */ BigInt(1);
var _2n2 = /* @__PURE__ */ BigInt(2);
var _3n = /* @__PURE__ */ BigInt(3);
var _4n = /* @__PURE__ */ BigInt(4);
var _5n = /* @__PURE__ */ BigInt(5);
var _7n2 = /* @__PURE__ */ BigInt(7);
var _8n = /* @__PURE__ */ BigInt(8);
var _9n = /* @__PURE__ */ BigInt(9);
var _15n = /* @__PURE__ */ BigInt(15);
var _16n = /* @__PURE__ */ BigInt(16);
var POW_WINDOWED_MIN = /* @__PURE__ */ BigInt("0x10000000000000000");
function mod(a, b) {
  if (b <= _0n3)
    throw new Error("mod: expected positive modulus, got " + b);
  const result = a % b;
  return result >= _0n3 ? result : b + result;
}
function pow(num, power, modulo) {
  if (modulo <= _1n3)
    throw new Error("pow: expected modulus > 1, got " + modulo);
  if (typeof power !== "bigint")
    throw new TypeError("invalid exponent: expected bigint, got " + typeof power);
  if (power < _0n3)
    throw new Error("invalid exponent, negatives unsupported");
  if (power === _0n3)
    return _1n3;
  if (power === _1n3)
    return num;
  let d = num % modulo;
  if (d < _0n3)
    d += modulo;
  if (power < POW_WINDOWED_MIN) {
    let p2 = _1n3;
    while (power > _0n3) {
      if (power & _1n3)
        p2 = p2 * d % modulo;
      d = d * d % modulo;
      power >>= _1n3;
    }
    return p2;
  }
  const digits = [];
  while (power > _0n3) {
    digits.push(Number(power & _15n));
    power >>= _4n;
  }
  const table = new Array(16);
  table[0] = _1n3;
  table[1] = d;
  for (let i = 2; i < 16; i++)
    table[i] = table[i - 1] * d % modulo;
  let p = table[digits[digits.length - 1]];
  for (let w = digits.length - 2; w >= 0; w--) {
    p = p * p % modulo;
    p = p * p % modulo;
    p = p * p % modulo;
    p = p * p % modulo;
    const digit = digits[w];
    if (digit !== 0)
      p = p * table[digit] % modulo;
  }
  return p;
}
function pow2(x, power, modulo) {
  if (modulo <= _1n3)
    throw new Error("pow2: expected modulus > 1, got " + modulo);
  if (power < _0n3)
    throw new Error("pow2: expected non-negative exponent, got " + power);
  let res = x;
  while (power-- > _0n3) {
    res *= res;
    res %= modulo;
  }
  return res;
}
function invert(number, modulo) {
  if (number === _0n3)
    throw new Error("invert: expected non-zero number");
  if (modulo <= _1n3)
    throw new Error("invert: expected modulus > 1, got " + modulo);
  let a = mod(number, modulo);
  let b = modulo;
  let x = _0n3, u = _1n3;
  while (a !== _0n3) {
    const q = b / a;
    const r = b - a * q;
    const m = x - u * q;
    b = a, a = r, x = u, u = m;
  }
  const gcd = b;
  if (gcd !== _1n3)
    throw new Error("invert: does not exist");
  return mod(x, modulo);
}
function invertCt(a, prime) {
  if (prime <= _1n3)
    throw new Error("invertCt: expected prime modulus > 1, got " + prime);
  const an = mod(a, prime);
  if (an === _0n3)
    throw new Error("invertCt: expected non-zero number");
  const inverse = pow(an, prime - _2n2, prime);
  if (mod(an * inverse, prime) !== _1n3)
    throw new Error("invertCt: does not exist");
  return inverse;
}
function assertIsSquare(Fp, root, n) {
  const F = Fp;
  if (!F.eql(F.sqr(root), n))
    throw new Error("Cannot find square root");
}
function aoddModulus(order, fnName) {
  if ((order & _1n3) === _0n3)
    throw new Error(fnName + ": expected odd modulus, got " + order);
}
function sqrt3mod4(Fp, n) {
  const F = Fp;
  const p1div4 = (F.ORDER + _1n3) / _4n;
  const root = F.pow(n, p1div4);
  assertIsSquare(F, root, n);
  return root;
}
function sqrt5mod8(Fp, n) {
  const F = Fp;
  const p5div8 = (F.ORDER - _5n) / _8n;
  const n2 = F.mul(n, _2n2);
  const v = F.pow(n2, p5div8);
  const nv = F.mul(n, v);
  const i = F.mul(F.mul(nv, _2n2), v);
  const root = F.mul(nv, F.sub(i, F.ONE));
  assertIsSquare(F, root, n);
  return root;
}
function sqrt9mod16(P) {
  const Fp_ = Field(P);
  const tn = tonelliShanks(P);
  const c1 = tn(Fp_, Fp_.neg(Fp_.ONE));
  const c2 = tn(Fp_, c1);
  const c3 = tn(Fp_, Fp_.neg(c1));
  const c4 = (P + _7n2) / _16n;
  return ((Fp, n) => {
    const F = Fp;
    let tv1 = F.pow(n, c4);
    let tv2 = F.mul(tv1, c1);
    const tv3 = F.mul(tv1, c2);
    const tv4 = F.mul(tv1, c3);
    const e1 = F.eql(F.sqr(tv2), n);
    const e2 = F.eql(F.sqr(tv3), n);
    tv1 = F.cmov(tv1, tv2, e1);
    tv2 = F.cmov(tv4, tv3, e2);
    const e3 = F.eql(F.sqr(tv2), n);
    const root = F.cmov(tv1, tv2, e3);
    assertIsSquare(F, root, n);
    return root;
  });
}
function tonelliShanks(P) {
  if (P < _3n)
    throw new Error("sqrt is not defined for small field");
  aoddModulus(P, "tonelliShanks");
  let Q = P - _1n3;
  let S = 0;
  while (Q % _2n2 === _0n3) {
    Q /= _2n2;
    S++;
  }
  let Z = _2n2;
  const _Fp = Field(P);
  while (FpLegendre(_Fp, Z) === 1) {
    if (Z++ > 1e3)
      throw new Error("Cannot find square root: probably non-prime P");
  }
  if (S === 1)
    return sqrt3mod4;
  let cc = _Fp.pow(Z, Q);
  const Q1div2 = (Q + _1n3) / _2n2;
  return function tonelliSlow(Fp, n) {
    const F = Fp;
    if (F.is0(n))
      return n;
    if (FpLegendre(F, n) !== 1)
      throw new Error("Cannot find square root");
    let M = S;
    let c = F.mul(F.ONE, cc);
    let t = F.pow(n, Q);
    let R = F.pow(n, Q1div2);
    while (!F.eql(t, F.ONE)) {
      if (F.is0(t))
        throw new Error("Cannot find square root: probably non-prime P");
      let i = 1;
      let t_tmp = F.sqr(t);
      while (!F.eql(t_tmp, F.ONE)) {
        i++;
        t_tmp = F.sqr(t_tmp);
        if (i === M)
          throw new Error("Cannot find square root");
      }
      const exponent = _1n3 << BigInt(M - i - 1);
      const b = F.pow(c, exponent);
      M = i;
      c = F.sqr(b);
      t = F.mul(t, c);
      R = F.mul(R, b);
    }
    return R;
  };
}
function FpSqrt(P) {
  aoddModulus(P, "Fp.sqrt");
  if (P % _4n === _3n)
    return sqrt3mod4;
  if (P % _8n === _5n)
    return sqrt5mod8;
  if (P % _16n === _9n)
    return sqrt9mod16(P);
  return tonelliShanks(P);
}
var FIELD_FIELDS = [
  "create",
  "isValid",
  "is0",
  "neg",
  "inv",
  "sqrt",
  "sqr",
  "eql",
  "add",
  "sub",
  "mul",
  "pow",
  "div",
  "addN",
  "subN",
  "mulN",
  "sqrN"
];
function validateField(field2) {
  aobject2(field2, "field");
  if (typeof field2.ORDER !== "bigint")
    throw new TypeError('param "ORDER" is invalid: expected bigint, got ' + typeof field2.ORDER);
  asafenumber(field2.BYTES, "BYTES");
  asafenumber(field2.BITS, "BITS");
  for (const name of FIELD_FIELDS)
    afunction(field2[name], "field." + name);
  if (field2.BYTES < 1 || field2.BITS < 1)
    throw new Error("invalid field: expected BYTES/BITS > 0");
  if (field2.ORDER <= _1n3)
    throw new Error("invalid field: expected ORDER > 1, got " + field2.ORDER);
  return field2;
}
function FpInvertBatch(Fp, nums, passZero = false) {
  validateField(Fp);
  aarray(nums, "nums");
  abool2(passZero, "passZero");
  const F = Fp;
  const inverted = new Array(nums.length).fill(passZero ? F.ZERO : void 0);
  const multipliedAcc = nums.reduce((acc, num, i) => {
    if (F.is0(num))
      return acc;
    inverted[i] = acc;
    return F.mul(acc, num);
  }, F.ONE);
  const invertedAcc = F.inv(multipliedAcc);
  nums.reduceRight((acc, num, i) => {
    if (F.is0(num))
      return acc;
    inverted[i] = F.mul(acc, inverted[i]);
    return F.mul(acc, num);
  }, invertedAcc);
  return inverted;
}
function FpLegendre(Fp, n) {
  validateField(Fp);
  const F = Fp;
  aoddModulus(F.ORDER, "FpLegendre");
  const p1mod2 = (F.ORDER - _1n3) / _2n2;
  const powered = F.pow(n, p1mod2);
  const yes = F.eql(powered, F.ONE);
  const zero = F.eql(powered, F.ZERO);
  const no = F.eql(powered, F.neg(F.ONE));
  if (!yes && !zero && !no)
    throw new Error("invalid Legendre symbol result");
  return yes ? 1 : zero ? 0 : -1;
}
function nLength(n, nBitLength) {
  if (nBitLength !== void 0)
    anumber2(nBitLength);
  if (n <= _0n3)
    throw new Error("invalid n length: expected positive n, got " + n);
  if (nBitLength !== void 0 && nBitLength < 1)
    throw new Error("invalid n length: expected positive bit length, got " + nBitLength);
  const bits = bitLen(n);
  if (nBitLength !== void 0 && nBitLength < bits)
    throw new Error(`invalid n length: expected nBitLength (${nBitLength}) >= bitLen(n) (${bits})`);
  const _nBitLength = nBitLength !== void 0 ? nBitLength : bits;
  const nByteLength = Math.ceil(_nBitLength / 8);
  return { nBitLength: _nBitLength, nByteLength };
}
var FIELD_SQRT = /* @__PURE__ */ new WeakMap();
var _Field = class {
  ORDER;
  BITS;
  BYTES;
  isLE;
  ZERO = _0n3;
  ONE = _1n3;
  _lengths;
  _mod;
  constructor(ORDER, opts = {}) {
    if (ORDER <= _1n3)
      throw new Error("invalid field: expected ORDER > 1, got " + ORDER);
    let _nbitLength = void 0;
    this.isLE = false;
    if (opts != null && typeof opts === "object") {
      if (typeof opts.BITS === "number")
        _nbitLength = opts.BITS;
      if (typeof opts.sqrt === "function")
        Object.defineProperty(this, "sqrt", { value: opts.sqrt, enumerable: true });
      if (typeof opts.isLE === "boolean")
        this.isLE = opts.isLE;
      if (opts.allowedLengths)
        this._lengths = Object.freeze(opts.allowedLengths.slice());
      if (typeof opts.modFromBytes === "boolean")
        this._mod = opts.modFromBytes;
    }
    const { nBitLength, nByteLength } = nLength(ORDER, _nbitLength);
    if (nByteLength > 2048)
      throw new Error("invalid field: expected ORDER of <= 2048 bytes");
    this.ORDER = ORDER;
    this.BITS = nBitLength;
    this.BYTES = nByteLength;
    Object.freeze(this);
  }
  create(num) {
    return mod(num, this.ORDER);
  }
  isValid(num) {
    if (typeof num !== "bigint")
      throw new TypeError("invalid field element: expected bigint, got " + typeof num);
    return _0n3 <= num && num < this.ORDER;
  }
  is0(num) {
    return num === _0n3;
  }
  // is valid and invertible
  isValidNot0(num) {
    return !this.is0(num) && this.isValid(num);
  }
  isOdd(num) {
    return (num & _1n3) === _1n3;
  }
  neg(num) {
    return mod(-num, this.ORDER);
  }
  eql(lhs, rhs) {
    return lhs === rhs;
  }
  sqr(num) {
    return mod(num * num, this.ORDER);
  }
  add(lhs, rhs) {
    return mod(lhs + rhs, this.ORDER);
  }
  sub(lhs, rhs) {
    return mod(lhs - rhs, this.ORDER);
  }
  mul(lhs, rhs) {
    return mod(lhs * rhs, this.ORDER);
  }
  pow(num, power) {
    return pow(num, power, this.ORDER);
  }
  div(lhs, rhs) {
    return mod(lhs * invert(rhs, this.ORDER), this.ORDER);
  }
  // Same as above, but doesn't normalize
  sqrN(num) {
    return num * num;
  }
  addN(lhs, rhs) {
    return lhs + rhs;
  }
  subN(lhs, rhs) {
    return lhs - rhs;
  }
  mulN(lhs, rhs) {
    return lhs * rhs;
  }
  inv(num) {
    return invert(num, this.ORDER);
  }
  sqrt(num) {
    let sqrt = FIELD_SQRT.get(this);
    if (!sqrt)
      FIELD_SQRT.set(this, sqrt = FpSqrt(this.ORDER));
    return sqrt(this, num);
  }
  toBytes(num) {
    return this.isLE ? numberToBytesLE(num, this.BYTES) : numberToBytesBE(num, this.BYTES);
  }
  fromBytes(bytes, skipValidation = false) {
    abytes2(bytes);
    const { _lengths: allowedLengths, BYTES, isLE: isLE2, ORDER, _mod: modFromBytes } = this;
    if (allowedLengths) {
      if (bytes.length < 1 || !allowedLengths.includes(bytes.length) || bytes.length > BYTES) {
        throw new Error("Field.fromBytes: expected " + allowedLengths + " bytes, got " + bytes.length);
      }
      const padded2 = new Uint8Array(BYTES);
      padded2.set(bytes, isLE2 ? 0 : padded2.length - bytes.length);
      bytes = padded2;
    }
    if (bytes.length !== BYTES)
      throw new Error("Field.fromBytes: expected " + BYTES + " bytes, got " + bytes.length);
    let scalar = isLE2 ? bytesToNumberLE(bytes) : bytesToNumberBE(bytes);
    if (modFromBytes)
      scalar = mod(scalar, ORDER);
    if (!skipValidation) {
      if (!this.isValid(scalar))
        throw new Error("invalid field element: outside of range 0..ORDER");
    }
    return scalar;
  }
  // TODO: we don't need it here, move out to separate fn
  invertBatch(lst) {
    return FpInvertBatch(this, lst, true);
  }
  // We can't move this out because Fp6, Fp12 implement it
  // and it's unclear what to return in there.
  cmov(a, b, condition) {
    abool2(condition, "condition");
    return condition ? b : a;
  }
};
function Field(ORDER, opts = {}) {
  Object.freeze(_Field.prototype);
  return new _Field(ORDER, opts);
}
function getFieldBytesLength(fieldOrder) {
  if (typeof fieldOrder !== "bigint")
    throw new Error("field order must be bigint");
  if (fieldOrder <= _1n3)
    throw new Error("field order must be greater than 1");
  const bitLength = bitLen(fieldOrder - _1n3);
  return Math.ceil(bitLength / 8);
}
function getMinHashLength(fieldOrder) {
  const length = getFieldBytesLength(fieldOrder);
  return length + Math.ceil(length / 2);
}
function mapHashToField(key, fieldOrder, isLE2 = false) {
  abytes2(key);
  const len = key.length;
  const fieldLen = getFieldBytesLength(fieldOrder);
  const minLen = Math.max(getMinHashLength(fieldOrder), 16);
  if (len < minLen || len > 1024)
    throw new Error("expected " + minLen + "-1024 bytes of input, got " + len);
  const num = isLE2 ? bytesToNumberLE(key) : bytesToNumberBE(key);
  const reduced = mod(num, fieldOrder - _1n3) + _1n3;
  return isLE2 ? numberToBytesLE(reduced, fieldLen) : numberToBytesBE(reduced, fieldLen);
}

// node_modules/@noble/curves/abstract/curve.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n4 = /* @__PURE__ */ BigInt(0);
var _1n4 = /* @__PURE__ */ BigInt(1);
var _4n2 = /* @__PURE__ */ BigInt(4);
var BLIND_BYTES = 16;
var BLIND_BITS = 128;
var FW_WINDOW = 5;
var TABLE_BYTES_MAX = /* @__PURE__ */ (() => 2 ** 31)();
function validatePointCons(Point) {
  const pc = Point;
  if (typeof pc !== "function")
    throw new TypeError('"Point" expected constructor, got type=' + typeof Point);
  afunction(pc.fromAffine, "Point.fromAffine");
  afunction(pc.fromBytes, "Point.fromBytes");
  afunction(pc.fromHex, "Point.fromHex");
  aobject2(pc.BASE, "Point.BASE");
  aobject2(pc.ZERO, "Point.ZERO");
  validateField(pc.Fp);
  validateField(pc.Fn);
}
function normalizeZ(c, points) {
  validatePointCons(c);
  validateMSMPoints(points, c);
  const invertedZs = FpInvertBatch(c.Fp, points.map((p) => p.Z));
  return points.map((p, i) => c.fromAffine(p.toAffine(invertedZs[i])));
}
function validateW(W, bits, min = 1) {
  if (!Number.isSafeInteger(W) || W < min || W > bits)
    throw new Error("invalid window size, expected [" + min + ".." + bits + "], got W=" + W);
}
function validateTableBytes(numPoints, fpBytes) {
  const bytes = numPoints * (4 * fpBytes + 128);
  if (bytes > TABLE_BYTES_MAX)
    throw new Error("invalid window size: table would need ~" + Math.ceil(bytes / 2 ** 20) + " MiB, max " + TABLE_BYTES_MAX / 2 ** 20 + " MiB");
}
function probeRandomBytes(randomBytes3, length) {
  if (randomBytes3 === void 0)
    return void 0;
  afunction(randomBytes3, "randomBytes");
  try {
    const probe = randomBytes3(length);
    if (!isBytes2(probe) || probe.length !== length)
      return void 0;
  } catch {
    return void 0;
  }
  return randomBytes3;
}
function validateMSMPoints(points, c) {
  aarray(points, "points");
  points.forEach((p, i) => {
    if (!(p instanceof c))
      throw new Error("invalid point at index " + i);
  });
}
function validateMSMScalars(scalars, field2, maxScalar) {
  if (!Array.isArray(scalars))
    throw new Error("array of scalars expected");
  scalars.forEach((s, i) => {
    const ok = maxScalar === void 0 ? field2.isValid(s) : isPosBig(s) && s < maxScalar;
    if (!ok)
      throw new Error("invalid scalar at index " + i);
  });
}
var pointWindowSizes = /* @__PURE__ */ new WeakMap();
function getWindowSize(P) {
  return pointWindowSizes.get(P) || 1;
}
function oddMultiples(p, size) {
  const dbl = p.double();
  const t = [p];
  for (let j = 1; j < size; j++)
    t.push(t[j - 1].add(dbl));
  return t;
}
function wnafDigits(n, W) {
  const size = 2 ** W;
  const half = size / 2;
  const mask = BigInt(size - 1);
  const d = [];
  while (n > _0n4) {
    let w = 0;
    if (n & _1n4) {
      w = Number(n & mask);
      if (w >= half)
        w -= size;
      n -= BigInt(w);
    }
    d.push(w);
    n >>= _1n4;
  }
  return d;
}
function signedWindowDigits(n, W, windows) {
  const size = 2 ** W;
  const half = size / 2;
  const mask = BigInt(size - 1);
  const shiftBy = BigInt(W);
  const d = [];
  for (let w = 0; w < windows; w++) {
    let v = Number(n & mask);
    n >>= shiftBy;
    if (v > half) {
      v -= size;
      n += _1n4;
    }
    d.push(v);
  }
  if (n !== _0n4)
    throw new Error("invalid wnaf");
  return d;
}
function wnafWalk(zero, tables, digits) {
  let max = 0;
  for (const d of digits)
    max = Math.max(max, d.length);
  let acc = zero;
  for (let bit = max - 1; bit >= 0; bit--) {
    if (bit !== max - 1)
      acc = acc.double();
    for (let i = 0; i < digits.length; i++) {
      const w = digits[i][bit];
      if (w) {
        const item = tables[i][Math.abs(w) - 1 >> 1];
        acc = acc.add(w < 0 ? item.negate() : item);
      }
    }
  }
  return acc;
}
var ScalarMultiplier = class {
  Point;
  BASE;
  ZERO;
  randomBytes;
  wnafPrecomputes = /* @__PURE__ */ new WeakMap();
  baseCanBeBlinded;
  bits;
  // Parametrized with a given Point class (not individual point)
  constructor(Point, randomBytes3) {
    validatePointCons(Point);
    this.randomBytes = probeRandomBytes(randomBytes3, BLIND_BYTES);
    this.Point = Point;
    this.BASE = Point.BASE;
    this.ZERO = Point.ZERO;
    this.bits = Point.Fn.BITS;
  }
  /**
   * Creates a signed fixed-window wNAF precomputation table: for every window w, the
   * multiples `[1..2^(W−1)]⋅2^(w⋅W)⋅P`, flattened. All doublings are baked into the table,
   * so cached multiplication is additions-only. `windows = ceil(bits/W) + 1`: the extra
   * window absorbs the final carry of signed-digit recoding.
   * For a 256-bit curve and W=6, the table is 44⋅32 = 1408 points.
   * @param point - Point instance
   * @param W - window size
   * @param bits - scalar bitlength the table must cover
   */
  buildWnafTable(point, W, bits) {
    const windows = Math.ceil(bits / W) + 1;
    const half = 2 ** (W - 1);
    const comp = [];
    let base = point;
    for (let w = 0; w < windows; w++) {
      let acc = base;
      for (let i = 0; i < half; i++) {
        comp.push(acc);
        acc = acc.add(base);
      }
      base = comp[comp.length - 1].double();
    }
    return { W, bits, windows, comp };
  }
  /**
   * Implements ec multiplication using precomputed signed fixed-window wNAF tables.
   * Constant-time: fixed window count with one table addition per window — zero digits feed
   * the fake accumulator — and no doublings; the lookup scans the whole window slice.
   * Scalar bounds are validated by the public entry points ({@link ScalarMultiplier.mulCT},
   * {@link ScalarMultiplier.mulCTBlinded}, {@link ScalarMultiplier.mulUnsafe});
   * signedWindowDigits throws if `n` exceeds the table.
   * @returns real and fake (for const-time) points
   */
  wnafCachedCT(precomputes, n) {
    const { W, windows, comp } = precomputes;
    const half = 2 ** (W - 1);
    const digits = signedWindowDigits(n, W, windows);
    let p = this.ZERO;
    let f = this.BASE;
    for (let w = 0; w < windows; w++) {
      const digit = digits[w];
      const start2 = w * half;
      const idx = Math.abs(digit) - 1;
      let sel = comp[start2];
      for (let i = 1; i < half; i++)
        sel = i === idx ? comp[start2 + i] : sel;
      const neg = sel.negate();
      if (digit === 0)
        f = f.add(comp[start2]);
      else
        p = p.add(digit < 0 ? neg : sel);
    }
    return { p, f };
  }
  // Cache key is point identity plus (W, bits); at most two entries exist per point (public-width
  // `Fn.BITS` and blinded `Fn.BITS + BLIND_BITS`). Callers must not reuse the same point with
  // incompatible `transform(...)` layouts and expect a separate cache entry.
  getWnafPrecomputes(W, point, bits, transform) {
    let entries = this.wnafPrecomputes.get(point);
    let comp = entries?.find((entry2) => entry2.W === W && entry2.bits === bits);
    if (!comp) {
      comp = this.buildWnafTable(point, W, bits);
      if (typeof transform === "function")
        comp = { ...comp, comp: transform(comp.comp) };
      if (!entries) {
        entries = [];
        this.wnafPrecomputes.set(point, entries);
      }
      entries.push(comp);
    }
    return comp;
  }
  assertPoint(point) {
    if (!(point instanceof this.Point))
      throw new TypeError('"point" expected Point instance, got type=' + typeof point);
  }
  // Shared prologue of the constant-time entry points. Rejects scalar 0: in key/signature-style
  // callers a zero scalar means broken upstream plumbing, and concrete Points already reject it.
  // Uses inRange instead of Fn.isValidNot0: validateField() only certifies the arithmetic subset.
  validateMulInput(point, scalar) {
    this.assertPoint(point);
    if (!inRange(scalar, _1n4, this.Point.Fn.ORDER))
      throw new Error("invalid scalar");
  }
  // Constant-time dispatch shared by mulCT / mulCTBlinded. Un-precomputed points (W===1, e.g.
  // ECDH peer keys) skip building a throwaway cached table in favor of a small fixed-window
  // multiply. `n` must be < 2^bits.
  runCT(point, n, bits, transform) {
    const W = getWindowSize(point);
    if (W === 1)
      return this.fixedWindowCT(point, n, bits);
    return this.wnafCachedCT(this.getWnafPrecomputes(W, point, bits, transform), n);
  }
  mulCT(point, scalar, transform) {
    this.validateMulInput(point, scalar);
    return this.runCT(point, scalar, this.bits, transform);
  }
  mulCTBlinded(point, scalar, transform) {
    this.validateMulInput(point, scalar);
    if (this.randomBytes === void 0)
      throw new Error("randomBytes is required for scalar blinding");
    const bits = this.Point.Fn.BITS + BLIND_BITS;
    const blind = this.randomBytes(BLIND_BYTES);
    if (!isBytes2(blind) || blind.length !== BLIND_BYTES)
      throw new Error("randomBytes returned invalid byte array");
    blind[0] = blind[0] & 63 | 128;
    const n = scalar + bytesToNumberBE(blind) * this.Point.Fn.ORDER;
    return this.runCT(point, n, bits, transform);
  }
  /**
   * Constant-time multiplication `n*point` for an un-precomputed point, via a small fixed window.
   * A cached wNAF table only pays off when reused; a flat 2^FW_WINDOW table (`size-1` adds) is
   * far cheaper to build for a single use. The point-operation sequence is independent of `n`:
   * build the table, then per window exactly FW_WINDOW doublings, a data-oblivious scan over
   * every table entry, and one addition (adds the identity when the window digit is 0 — never
   * skipped).
   *
   * `n` must be `< 2^bits`. Assumes complete addition (adding the identity costs the same as any
   * add), which holds for the Weierstrass/Edwards point types used here. The table is left in
   * projective form (no normalizeZ): normalizing this small a table costs more than the
   * mixed-add savings it would buy for a single multiply.
   * @returns real point `p`; `f` duplicates it only to match {@link wnafCachedCT}'s return shape
   * (this path needs no fake accumulator — its op-count is already scalar-independent).
   */
  fixedWindowCT(point, n, bits) {
    const W = FW_WINDOW;
    const size = 1 << W;
    const mask = bitMask(W);
    const table = new Array(size);
    table[0] = this.ZERO;
    for (let i = 1; i < size; i++)
      table[i] = table[i - 1].add(point);
    const windows = Math.ceil(bits / W);
    let acc = this.ZERO;
    for (let window = windows - 1; window >= 0; window--) {
      if (window !== windows - 1)
        for (let d = 0; d < W; d++)
          acc = acc.double();
      const digit = Number(n >> BigInt(window * W) & mask);
      let sel = table[0];
      for (let i = 1; i < size; i++)
        sel = i === digit ? table[i] : sel;
      acc = acc.add(sel);
    }
    return { p: acc, f: acc };
  }
  shouldBlind(point, cofactor) {
    if (this.randomBytes === void 0)
      return false;
    if (cofactor === _1n4)
      return true;
    if (point !== this.BASE)
      return false;
    if (this.baseCanBeBlinded === void 0)
      this.baseCanBeBlinded = this.mulUnsafe(this.BASE, this.Point.Fn.ORDER).is0();
    return this.baseCanBeBlinded;
  }
  mulSecret(point, scalar, cofactor, transform) {
    return this.shouldBlind(point, cofactor) ? this.mulCTBlinded(point, scalar, transform) : this.mulCT(point, scalar, transform);
  }
  mulUnsafe(point, scalar, transform) {
    this.assertPoint(point);
    if (!isPosBig(scalar))
      throw new Error("invalid scalar");
    const W = getWindowSize(point);
    if (W === 1 || scalar >= this.Point.Fn.ORDER)
      return mulAddUnsafe(this.Point, [point], [scalar], true);
    const precomputes = this.getWnafPrecomputes(W, point, this.bits, transform);
    return this.wnafCachedCT(precomputes, scalar).p;
  }
  // Remembers the window size used for precomputed wNAF multiplication of the given point
  // and drops any previously built tables. Usually only the base point is precomputed.
  // W=1 resets the point to the un-precomputed (table-less) paths.
  // W is additionally capped so tables stay under ~2 GiB ({@link TABLE_BYTES_MAX}).
  setWindowSize(point, W) {
    this.assertPoint(point);
    validateW(W, this.bits);
    const windows = Math.ceil((this.bits + BLIND_BITS) / W) + 1;
    validateTableBytes(windows * 2 ** (W - 1), this.Point.Fp.BYTES);
    pointWindowSizes.set(point, W);
    this.wnafPrecomputes.delete(point);
  }
  // True when a window size is set: tables themselves are built lazily on first multiply.
  hasWindowSize(point) {
    return getWindowSize(point) !== 1;
  }
};
function mulAddUnsafe(c, points, scalars, allowOversized = false) {
  validatePointCons(c);
  validateMSMPoints(points, c);
  abool2(allowOversized, "allowOversized");
  validateMSMScalars(scalars, c.Fn, allowOversized ? c.Fn.ORDER ** _4n2 : void 0);
  if (points.length !== scalars.length)
    throw new Error("arrays of points and scalars must have equal length");
  const tables = points.map((p) => oddMultiples(p, 4));
  const digits = scalars.map((n) => wnafDigits(n, 4));
  return wnafWalk(c.ZERO, tables, digits);
}
function createField(order, field2, isLE2) {
  if (field2) {
    if (field2.ORDER !== order)
      throw new Error("Field.ORDER must match order: Fp == p, Fn == n");
    validateField(field2);
    return field2;
  } else {
    return Field(order, { isLE: isLE2 });
  }
}
function createCurveFields(type, CURVE, curveOpts = {}, FpFnLE) {
  if (type !== "weierstrass" && type !== "edwards")
    throw new Error('expected curve type "weierstrass" or "edwards"');
  if (FpFnLE === void 0)
    FpFnLE = type === "edwards";
  if (!CURVE || typeof CURVE !== "object")
    throw new Error(`expected valid ${type} CURVE object`);
  validateObject(curveOpts);
  for (const p of ["p", "n", "h"]) {
    const val = CURVE[p];
    if (!(isPosBig(val) && val !== _0n4))
      throw new Error(`CURVE.${p} must be positive bigint`);
  }
  const Fp = createField(CURVE.p, curveOpts.Fp, FpFnLE);
  const Fn = createField(CURVE.n, curveOpts.Fn, FpFnLE);
  const _b = type === "weierstrass" ? "b" : "d";
  const params = ["Gx", "Gy", "a", _b];
  for (const p of params) {
    if (!Fp.isValid(CURVE[p]))
      throw new Error(`CURVE.${p} must be valid field element of CURVE.Fp`);
  }
  CURVE = Object.freeze(Object.assign({}, CURVE));
  return { CURVE, Fp, Fn };
}
function createKeygen(randomSecretKey, getPublicKey) {
  return function keygen(seed) {
    const secretKey = randomSecretKey(seed);
    return { secretKey, publicKey: getPublicKey(secretKey) };
  };
}

// node_modules/@noble/hashes/hmac.js
var _HMAC = class {
  oHash;
  iHash;
  blockLen;
  outputLen;
  canXOF = false;
  finished = false;
  destroyed = false;
  constructor(hash, key) {
    ahash(hash);
    abytes(key, void 0, "key");
    this.iHash = hash.create();
    if (typeof this.iHash.update !== "function")
      throw new Error("expected Hash instance");
    this.blockLen = this.iHash.blockLen;
    this.outputLen = this.iHash.outputLen;
    const blockLen = this.blockLen;
    const pad = new Uint8Array(blockLen);
    pad.set(key.length > blockLen ? hash.create().update(key).digest() : key);
    for (let i = 0; i < pad.length; i++)
      pad[i] ^= 54;
    this.iHash.update(pad);
    this.oHash = hash.create();
    for (let i = 0; i < pad.length; i++)
      pad[i] ^= 54 ^ 92;
    this.oHash.update(pad);
    clean(pad);
  }
  update(buf) {
    aexists(this);
    this.iHash.update(buf);
    return this;
  }
  digestInto(out) {
    aexists(this);
    aoutput(out, this);
    this.finished = true;
    const buf = out.subarray(0, this.outputLen);
    this.iHash.digestInto(buf);
    this.oHash.update(buf);
    this.oHash.digestInto(buf);
    this.destroy();
  }
  digest() {
    const out = new Uint8Array(this.oHash.outputLen);
    this.digestInto(out);
    return out;
  }
  _cloneInto(to) {
    to ||= Object.create(Object.getPrototypeOf(this), {});
    const { oHash, iHash, finished, destroyed, blockLen, outputLen, canXOF } = this;
    to = to;
    to.finished = finished;
    to.destroyed = destroyed;
    to.blockLen = blockLen;
    to.outputLen = outputLen;
    to.canXOF = canXOF;
    to.oHash = oHash._cloneInto(to.oHash);
    to.iHash = iHash._cloneInto(to.iHash);
    return to;
  }
  clone() {
    return this._cloneInto();
  }
  destroy() {
    this.destroyed = true;
    this.oHash.destroy();
    this.iHash.destroy();
  }
};
var hmac = /* @__PURE__ */ (() => {
  const hmac_ = ((hash, key, message) => new _HMAC(hash, key).update(message).digest());
  hmac_.create = (hash, key) => new _HMAC(hash, key);
  return hmac_;
})();

// node_modules/@noble/curves/abstract/der.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n5 = /* @__PURE__ */ BigInt(0);
var DERErr = class extends Error {
  constructor(m = "") {
    super(m);
  }
};
var _DER = {
  // asn.1 DER encoding utils
  Err: DERErr,
  // Basic building block is TLV (Tag-Length-Value)
  _tlv: {
    encode: (tag, data) => {
      const { Err: E } = _DER;
      asafenumber(tag, "tag");
      if (tag < 0 || tag > 255)
        throw new E("tlv.encode: wrong tag");
      astring(data, "data");
      if (data.length & 1)
        throw new E("tlv.encode: unpadded data");
      const dataLen = data.length / 2;
      const len = numberToHexUnpadded(dataLen);
      if (len.length / 2 & 128)
        throw new E("tlv.encode: long form length too big");
      const lenLen = dataLen > 127 ? numberToHexUnpadded(len.length / 2 | 128) : "";
      const t = numberToHexUnpadded(tag);
      return t + lenLen + len + data;
    },
    // v - value, l - left bytes (unparsed)
    decode(tag, data) {
      const { Err: E } = _DER;
      data = abytes2(data, void 0, "DER data");
      let pos = 0;
      if (tag < 0 || tag > 255)
        throw new E("tlv.decode: wrong tag");
      if (data.length < 2 || data[pos++] !== tag)
        throw new E("tlv.decode: wrong tlv");
      const first = data[pos++];
      const isLong = !!(first & 128);
      let length = 0;
      if (!isLong)
        length = first;
      else {
        const lenLen = first & 127;
        if (!lenLen)
          throw new E("tlv.decode(long): indefinite length not supported");
        if (lenLen > 4)
          throw new E("tlv.decode(long): byte length is too big");
        const lengthBytes = data.subarray(pos, pos + lenLen);
        if (lengthBytes.length !== lenLen)
          throw new E("tlv.decode: length bytes not complete");
        if (lengthBytes[0] === 0)
          throw new E("tlv.decode(long): zero leftmost byte");
        for (const b of lengthBytes)
          length = length << 8 | b;
        pos += lenLen;
        if (length < 128)
          throw new E("tlv.decode(long): not minimal encoding");
      }
      const v = data.subarray(pos, pos + length);
      if (v.length !== length)
        throw new E("tlv.decode: wrong value length");
      return { v, l: data.subarray(pos + length) };
    }
  },
  // https://crypto.stackexchange.com/a/57734 Leftmost bit of first byte is 'negative' flag,
  // since we always use positive integers here. It must always be empty:
  // - add zero byte if exists
  // - if next byte doesn't have a flag, leading zero is not allowed (minimal encoding)
  _int: {
    encode(num) {
      const { Err: E } = _DER;
      abignumber(num);
      if (num < _0n5)
        throw new E("integer: negative integers are not allowed");
      let hex2 = numberToHexUnpadded(num);
      if (Number.parseInt(hex2[0], 16) & 8)
        hex2 = "00" + hex2;
      if (hex2.length & 1)
        throw new E("unexpected DER parsing assertion: unpadded hex");
      return hex2;
    },
    decode(data) {
      const { Err: E } = _DER;
      if (data.length < 1)
        throw new E("invalid signature integer: empty");
      if (data[0] & 128)
        throw new E("invalid signature integer: negative");
      if (data.length > 1 && data[0] === 0 && !(data[1] & 128))
        throw new E("invalid signature integer: unnecessary leading zero");
      return bytesToNumberBE(data);
    }
  },
  toSig(bytes, maxScalarBytes) {
    const { Err: E, _int: int, _tlv: tlv } = _DER;
    if (maxScalarBytes !== void 0) {
      asafenumber(maxScalarBytes, "maxScalarBytes");
      if (maxScalarBytes < 1)
        throw new E("invalid signature: maxScalarBytes must be positive");
    }
    const data = abytes2(bytes, void 0, "signature");
    const { v: seqBytes, l: seqLeftBytes } = tlv.decode(48, data);
    if (seqLeftBytes.length)
      throw new E("invalid signature: left bytes after parsing");
    const { v: rBytes, l: rLeftBytes } = tlv.decode(2, seqBytes);
    const { v: sBytes, l: sLeftBytes } = tlv.decode(2, rLeftBytes);
    if (sLeftBytes.length)
      throw new E("invalid signature: left bytes after parsing");
    if (maxScalarBytes !== void 0 && (rBytes.length > maxScalarBytes || sBytes.length > maxScalarBytes))
      throw new E("invalid signature: integer too large");
    return { r: int.decode(rBytes), s: int.decode(sBytes) };
  },
  hexFromSig(sig) {
    const { _tlv: tlv, _int: int } = _DER;
    validateObject(sig, { r: "bigint", s: "bigint" }, {}, "sig");
    const rs = tlv.encode(2, int.encode(sig.r));
    const ss = tlv.encode(2, int.encode(sig.s));
    const seq = rs + ss;
    return tlv.encode(48, seq);
  }
};
var DER = /* @__PURE__ */ (() => {
  Object.freeze(_DER._tlv);
  Object.freeze(_DER._int);
  return Object.freeze(_DER);
})();

// node_modules/@noble/curves/abstract/weierstrass.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var divNearest = (num, den) => (num + (num >= 0 ? den : -den) / _2n3) / den;
function _splitEndoScalar(k, basis, n) {
  aInRange("scalar", k, _0n6, n);
  const [[a1, b1], [a2, b2]] = basis;
  const c1 = divNearest(b2 * k, n);
  const c2 = divNearest(-b1 * k, n);
  let k1 = k - c1 * a1 - c2 * a2;
  let k2 = -c1 * b1 - c2 * b2;
  const k1neg = k1 < _0n6;
  const k2neg = k2 < _0n6;
  if (k1neg)
    k1 = -k1;
  if (k2neg)
    k2 = -k2;
  const MAX_NUM = bitMask(Math.ceil(bitLen(n) / 2)) + _1n5;
  if (k1 < _0n6 || k1 >= MAX_NUM || k2 < _0n6 || k2 >= MAX_NUM) {
    throw new Error("splitScalar (endomorphism): failed for k");
  }
  return { k1neg, k1, k2neg, k2 };
}
function validateSigFormat(format) {
  if (!["compact", "recovered", "der"].includes(format))
    throw new Error('Signature format must be "compact", "recovered", or "der"');
  return format;
}
function validateSigOpts(opts, def) {
  validateObject(opts);
  const optsn = {};
  for (let optName of Object.keys(def)) {
    optsn[optName] = opts[optName] === void 0 ? def[optName] : opts[optName];
  }
  abool2(optsn.lowS, "lowS");
  abool2(optsn.prehash, "prehash");
  if (optsn.format !== void 0)
    validateSigFormat(optsn.format);
  return optsn;
}
var _0n6 = /* @__PURE__ */ BigInt(0);
var _1n5 = /* @__PURE__ */ BigInt(1);
var _2n3 = /* @__PURE__ */ BigInt(2);
var _3n2 = /* @__PURE__ */ BigInt(3);
var _4n3 = /* @__PURE__ */ BigInt(4);
function weierstrass(params, extraOpts = {}) {
  const validated = createCurveFields("weierstrass", params, extraOpts);
  const Fp = validated.Fp;
  const Fn = validated.Fn;
  let CURVE = validated.CURVE;
  const { h: cofactor, n: CURVE_ORDER } = CURVE;
  validateObject(extraOpts, {}, {
    allowInfinityPoint: "boolean",
    clearCofactor: "function",
    isTorsionFree: "function",
    fromBytes: "function",
    toBytes: "function",
    endo: "object",
    randomBytes: "function"
  });
  const { endo: endoOpts, allowInfinityPoint, clearCofactor, isTorsionFree, fromBytes, toBytes: toBytes3 } = extraOpts;
  const randomBytes3 = extraOpts.randomBytes === void 0 ? randomBytes2 : extraOpts.randomBytes;
  if (endoOpts) {
    if (!Fp.is0(CURVE.a) || typeof endoOpts.beta !== "bigint" || !Array.isArray(endoOpts.basises)) {
      throw new Error('invalid endo: expected "beta": bigint and "basises": array');
    }
  }
  const endo = endoOpts ? {
    beta: endoOpts.beta,
    basises: endoOpts.basises.map((basis) => [...basis])
  } : void 0;
  const lengths = getWLengths(Fp, Fn);
  function assertCompressionIsSupported() {
    if (!Fp.isOdd)
      throw new Error("compression is not supported: Field does not have .isOdd()");
  }
  function pointToBytes(_c, point, isCompressed) {
    if (point.is0()) {
      if (!allowInfinityPoint)
        throw new Error("bad point: ZERO");
      return Uint8Array.of(0);
    }
    const { x, y } = point.toAffine();
    const bx = Fp.toBytes(x);
    abool2(isCompressed, "isCompressed");
    if (isCompressed) {
      assertCompressionIsSupported();
      const hasEvenY = !Fp.isOdd(y);
      return concatBytes2(pprefix(hasEvenY), bx);
    } else {
      return concatBytes2(Uint8Array.of(4), bx, Fp.toBytes(y));
    }
  }
  function pointFromBytes(bytes) {
    abytes2(bytes, void 0, "Point");
    const { publicKey: comp, publicKeyUncompressed: uncomp } = lengths;
    const length = bytes.length;
    const head = bytes[0];
    const tail = bytes.subarray(1);
    if (allowInfinityPoint && length === 1 && head === 0)
      return { x: Fp.ZERO, y: Fp.ZERO };
    if (length === comp && (head === 2 || head === 3)) {
      const x = Fp.fromBytes(tail);
      if (!Fp.isValid(x))
        throw new Error("bad point: is not on curve, wrong x");
      const y2 = weierstrassEquation(x);
      let y;
      try {
        y = Fp.sqrt(y2);
      } catch (sqrtError) {
        const err = sqrtError instanceof Error ? ": " + sqrtError.message : "";
        throw new Error("bad point: is not on curve, sqrt error" + err);
      }
      assertCompressionIsSupported();
      const evenY = Fp.isOdd(y);
      const evenH = (head & 1) === 1;
      if (evenH !== evenY)
        y = Fp.neg(y);
      return { x, y };
    } else if (length === uncomp && head === 4) {
      const L = Fp.BYTES;
      const x = Fp.fromBytes(tail.subarray(0, L));
      const y = Fp.fromBytes(tail.subarray(L, L * 2));
      if (!isValidXY(x, y))
        throw new Error("bad point: is not on curve");
      return { x, y };
    } else {
      throw new Error(`bad point: got length ${length}, expected compressed=${comp} or uncompressed=${uncomp}`);
    }
  }
  const encodePoint = toBytes3 === void 0 ? pointToBytes : toBytes3;
  const decodePoint = fromBytes === void 0 ? pointFromBytes : fromBytes;
  const b3 = Fp.mul(CURVE.b, _3n2);
  const mulA = Fp.is0(CURVE.a) ? (_) => Fp.ZERO : (x) => Fp.mul(CURVE.a, x);
  function weierstrassEquation(x) {
    const x2 = Fp.sqr(x);
    const x3 = Fp.mul(x2, x);
    return Fp.add(Fp.add(x3, Fp.mul(x, CURVE.a)), CURVE.b);
  }
  function isValidXY(x, y) {
    const left = Fp.sqr(y);
    const right = weierstrassEquation(x);
    return Fp.eql(left, right);
  }
  if (!isValidXY(CURVE.Gx, CURVE.Gy))
    throw new Error("bad curve params: generator point");
  const _4a3 = Fp.mul(Fp.pow(CURVE.a, _3n2), _4n3);
  const _27b2 = Fp.mul(Fp.sqr(CURVE.b), BigInt(27));
  if (Fp.is0(Fp.add(_4a3, _27b2)))
    throw new Error("bad curve params: a or b");
  function acoord(title, n, banZero = false) {
    if (!Fp.isValid(n) || banZero && Fp.is0(n))
      throw new Error(`bad point coordinate ${title}`);
    return typeof n === "object" && n !== null ? Fp.create(n) : n;
  }
  function aprjpoint(other) {
    if (!(other instanceof Point))
      throw new Error("Weierstrass Point expected");
  }
  function splitEndoScalarN(k) {
    if (!endo || !endo.basises)
      throw new Error("no endo");
    return _splitEndoScalar(k, endo.basises, Fn.ORDER);
  }
  function pushWnafPair(points, scalars, p, k) {
    if (!Fn.isValid(k))
      throw new RangeError("invalid scalar: out of range");
    if (endo) {
      const { k1neg, k1, k2neg, k2 } = splitEndoScalarN(k);
      const psi = new Point(Fp.mul(p.X, endo.beta), p.Y, p.Z);
      points.push(k1neg ? p.negate() : p, k2neg ? psi.negate() : psi);
      scalars.push(k1, k2);
    } else {
      points.push(p);
      scalars.push(k);
    }
  }
  const validityCache = /* @__PURE__ */ new WeakSet();
  class Point {
    static BASE = new Point(CURVE.Gx, CURVE.Gy, Fp.ONE);
    static ZERO = new Point(Fp.ZERO, Fp.ONE, Fp.ZERO);
    static Fp = Fp;
    static Fn = Fn;
    X;
    Y;
    Z;
    /** Does NOT validate if the point is valid. Use `.assertValidity()`. */
    constructor(X, Y, Z) {
      this.X = acoord("x", X);
      this.Y = acoord("y", Y, true);
      this.Z = acoord("z", Z);
      Object.freeze(this);
    }
    static CURVE() {
      return CURVE;
    }
    /** Does NOT validate if the point is valid. Use `.assertValidity()`. */
    static fromAffine(p) {
      const { x, y } = p || {};
      if (!p || !Fp.isValid(x) || !Fp.isValid(y))
        throw new Error("invalid affine point");
      if (p instanceof Point)
        throw new Error("projective point not allowed");
      if (Fp.is0(x) && Fp.is0(y))
        return Point.ZERO;
      return new Point(x, y, Fp.ONE);
    }
    static fromBytes(bytes) {
      const P = Point.fromAffine(decodePoint(abytes2(bytes, void 0, "point")));
      P.assertValidity();
      return P;
    }
    static fromHex(hex2) {
      return Point.fromBytes(hexToBytes2(hex2));
    }
    get x() {
      return this.toAffine().x;
    }
    get y() {
      return this.toAffine().y;
    }
    /**
     * @param isLazy - true will defer table computation until the first multiplication
     */
    precompute(windowSize = 6, isLazy = true) {
      wnaf.setWindowSize(this, windowSize);
      if (!isLazy)
        this.multiply(_3n2);
      return this;
    }
    // TODO: return `this`
    /** A point on curve is valid if it conforms to equation. */
    assertValidity() {
      const p = this;
      if (p.is0()) {
        if (allowInfinityPoint && Fp.is0(p.X) && Fp.eql(p.Y, Fp.ONE) && Fp.is0(p.Z))
          return;
        throw new Error("bad point: ZERO");
      }
      if (validityCache.has(p))
        return;
      const { x, y } = p.toAffine();
      if (!Fp.isValid(x) || !Fp.isValid(y))
        throw new Error("bad point: x or y not field elements");
      if (!isValidXY(x, y))
        throw new Error("bad point: equation left != right");
      if (!p.isTorsionFree())
        throw new Error("bad point: not in prime-order subgroup");
      validityCache.add(p);
    }
    hasEvenY() {
      const { y } = this.toAffine();
      if (!Fp.isOdd)
        throw new Error("Field doesn't support isOdd");
      return !Fp.isOdd(y);
    }
    /** Compare one point to another. */
    equals(other) {
      aprjpoint(other);
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const { X: X2, Y: Y2, Z: Z2 } = other;
      const U1 = Fp.eql(Fp.mul(X1, Z2), Fp.mul(X2, Z1));
      const U2 = Fp.eql(Fp.mul(Y1, Z2), Fp.mul(Y2, Z1));
      return U1 && U2;
    }
    /** Flips point to one corresponding to (x, -y) in Affine coordinates. */
    negate() {
      return new Point(this.X, Fp.neg(this.Y), this.Z);
    }
    // Renes-Costello-Batina exception-free doubling formula.
    // There is 30% faster Jacobian formula, but it is not complete.
    // https://eprint.iacr.org/2015/1060, algorithm 3
    // Cost: 8M + 3S + 3*a + 2*b3 + 15add.
    double() {
      const { X: X1, Y: Y1, Z: Z1 } = this;
      let X3 = Fp.ZERO, Y3 = Fp.ZERO, Z3 = Fp.ZERO;
      let t0 = Fp.mul(X1, X1);
      let t1 = Fp.mul(Y1, Y1);
      let t2 = Fp.mul(Z1, Z1);
      let t3 = Fp.mul(X1, Y1);
      t3 = Fp.add(t3, t3);
      Z3 = Fp.mul(X1, Z1);
      Z3 = Fp.add(Z3, Z3);
      X3 = mulA(Z3);
      Y3 = Fp.mul(b3, t2);
      Y3 = Fp.add(X3, Y3);
      X3 = Fp.sub(t1, Y3);
      Y3 = Fp.add(t1, Y3);
      Y3 = Fp.mul(X3, Y3);
      X3 = Fp.mul(t3, X3);
      Z3 = Fp.mul(b3, Z3);
      t2 = mulA(t2);
      t3 = Fp.sub(t0, t2);
      t3 = mulA(t3);
      t3 = Fp.add(t3, Z3);
      Z3 = Fp.add(t0, t0);
      t0 = Fp.add(Z3, t0);
      t0 = Fp.add(t0, t2);
      t0 = Fp.mul(t0, t3);
      Y3 = Fp.add(Y3, t0);
      t2 = Fp.mul(Y1, Z1);
      t2 = Fp.add(t2, t2);
      t0 = Fp.mul(t2, t3);
      X3 = Fp.sub(X3, t0);
      Z3 = Fp.mul(t2, t1);
      Z3 = Fp.add(Z3, Z3);
      Z3 = Fp.add(Z3, Z3);
      return new Point(X3, Y3, Z3);
    }
    // Renes-Costello-Batina exception-free addition formula.
    // There is 30% faster Jacobian formula, but it is not complete.
    // https://eprint.iacr.org/2015/1060, algorithm 1
    // Cost: 12M + 0S + 3*a + 3*b3 + 23add.
    add(other) {
      aprjpoint(other);
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const { X: X2, Y: Y2, Z: Z2 } = other;
      let X3 = Fp.ZERO, Y3 = Fp.ZERO, Z3 = Fp.ZERO;
      let t0 = Fp.mul(X1, X2);
      let t1 = Fp.mul(Y1, Y2);
      let t2 = Fp.mul(Z1, Z2);
      let t3 = Fp.add(X1, Y1);
      let t4 = Fp.add(X2, Y2);
      t3 = Fp.mul(t3, t4);
      t4 = Fp.add(t0, t1);
      t3 = Fp.sub(t3, t4);
      t4 = Fp.add(X1, Z1);
      let t5 = Fp.add(X2, Z2);
      t4 = Fp.mul(t4, t5);
      t5 = Fp.add(t0, t2);
      t4 = Fp.sub(t4, t5);
      t5 = Fp.add(Y1, Z1);
      X3 = Fp.add(Y2, Z2);
      t5 = Fp.mul(t5, X3);
      X3 = Fp.add(t1, t2);
      t5 = Fp.sub(t5, X3);
      Z3 = mulA(t4);
      X3 = Fp.mul(b3, t2);
      Z3 = Fp.add(X3, Z3);
      X3 = Fp.sub(t1, Z3);
      Z3 = Fp.add(t1, Z3);
      Y3 = Fp.mul(X3, Z3);
      t1 = Fp.add(t0, t0);
      t1 = Fp.add(t1, t0);
      t2 = mulA(t2);
      t4 = Fp.mul(b3, t4);
      t1 = Fp.add(t1, t2);
      t2 = Fp.sub(t0, t2);
      t2 = mulA(t2);
      t4 = Fp.add(t4, t2);
      t0 = Fp.mul(t1, t4);
      Y3 = Fp.add(Y3, t0);
      t0 = Fp.mul(t5, t4);
      X3 = Fp.mul(t3, X3);
      X3 = Fp.sub(X3, t0);
      t0 = Fp.mul(t3, t1);
      Z3 = Fp.mul(t5, Z3);
      Z3 = Fp.add(Z3, t0);
      return new Point(X3, Y3, Z3);
    }
    subtract(other) {
      aprjpoint(other);
      return this.add(other.negate());
    }
    is0() {
      return this.equals(Point.ZERO);
    }
    /**
     * Constant time multiplication.
     * Uses precomputed tables (signed fixed-window wNAF) when available.
     * Uses scalar blinding and avoids endomorphism splitting in the secret-scalar path.
     * @param scalar - by which the point would be multiplied
     * @returns New point
     */
    multiply(scalar) {
      if (!Fn.isValidNot0(scalar))
        throw new RangeError("invalid scalar: out of range");
      const { p, f } = wnaf.mulSecret(this, scalar, cofactor, normalize);
      return normalize([p, f])[0];
    }
    /**
     * Non-constant-time multiplication. Uses width-4 wNAF with GLV endomorphism splitting
     * when available (two half-width scalars sharing one halved doubling chain).
     * It's faster, but should only be used when you don't care about
     * an exposed secret key e.g. sig verification, which works over *public* keys.
     */
    multiplyUnsafe(scalar) {
      const p = this;
      const sc = scalar;
      if (!Fn.isValid(sc))
        throw new RangeError("invalid scalar: out of range");
      if (sc === _0n6 || p.is0())
        return Point.ZERO;
      if (sc === _1n5)
        return p;
      if (wnaf.hasWindowSize(this))
        return wnaf.mulUnsafe(p, sc, normalize);
      const points = [];
      const scalars = [];
      pushWnafPair(points, scalars, p, sc);
      return mulAddUnsafe(Point, points, scalars);
    }
    /**
     * Non-constant-time double-scalar multiplication `a⋅this + b⋅other` (Strauss–Shamir).
     * Both walks share one doubling chain via {@link mulAddUnsafe}, and GLV endomorphism
     * (when available) halves the chain again by splitting each scalar into two half-width
     * parts. Used by ECDSA verification and public-key recovery for `R = u1⋅G + u2⋅P`.
     * Only for public scalars.
     */
    mulAddUnsafe(a, other, b) {
      aprjpoint(other);
      const points = [];
      const scalars = [];
      pushWnafPair(points, scalars, this, a);
      pushWnafPair(points, scalars, other, b);
      return mulAddUnsafe(Point, points, scalars);
    }
    /**
     * Converts Projective point to affine (x, y) coordinates.
     * (X, Y, Z) ∋ (x=X/Z, y=Y/Z).
     * @param invertedZ - Z^-1 (inverted zero) - optional, precomputation is useful for invertBatch
     */
    toAffine(invertedZ) {
      const p = this;
      let iz = invertedZ;
      if (iz != null && !Fp.isValid(iz))
        throw new RangeError('"invertedZ" expected valid field element');
      const { X, Y, Z } = p;
      if (Fp.eql(Z, Fp.ONE))
        return { x: X, y: Y };
      const is0 = p.is0();
      if (iz == null)
        iz = is0 ? Fp.ONE : Fp.inv(Z);
      const x = Fp.mul(X, iz);
      const y = Fp.mul(Y, iz);
      const zz = Fp.mul(Z, iz);
      if (is0)
        return { x: Fp.ZERO, y: Fp.ZERO };
      if (!Fp.eql(zz, Fp.ONE))
        throw new Error("invZ was invalid");
      return { x, y };
    }
    /**
     * Checks whether Point is free of torsion elements (is in prime subgroup).
     * Always torsion-free for cofactor=1 curves.
     */
    isTorsionFree() {
      if (cofactor === _1n5)
        return true;
      if (isTorsionFree)
        return isTorsionFree(Point, this);
      return wnaf.mulUnsafe(this, CURVE_ORDER).is0();
    }
    clearCofactor() {
      if (cofactor === _1n5)
        return this;
      if (clearCofactor)
        return clearCofactor(Point, this);
      return this.multiplyUnsafe(cofactor);
    }
    isSmallOrder() {
      if (cofactor === _1n5)
        return this.is0();
      return this.clearCofactor().is0();
    }
    toBytes(isCompressed = true) {
      abool2(isCompressed, "isCompressed");
      this.assertValidity();
      return encodePoint(Point, this, isCompressed);
    }
    toHex(isCompressed = true) {
      return bytesToHex2(this.toBytes(isCompressed));
    }
    toString() {
      return `<Point ${this.is0() ? "ZERO" : this.toHex()}>`;
    }
  }
  const normalize = (points) => normalizeZ(Point, points);
  const wnaf = new ScalarMultiplier(Point, randomBytes3);
  if (wnaf.bits >= 6)
    Point.BASE.precompute(6);
  Object.freeze(Point.prototype);
  Object.freeze(Point);
  return Point;
}
function pprefix(hasEvenY) {
  return Uint8Array.of(hasEvenY ? 2 : 3);
}
function getWLengths(Fp, Fn) {
  return {
    secretKey: Fn.BYTES,
    publicKey: 1 + Fp.BYTES,
    publicKeyUncompressed: 1 + 2 * Fp.BYTES,
    publicKeyHasPrefix: true,
    // Raw compact `(r || s)` signature width; DER and recovered signatures use
    // different lengths outside this helper.
    signature: 2 * Fn.BYTES
  };
}
function ecdh(Point, ecdhOpts = {}) {
  validatePointCons(Point);
  const { Fn } = Point;
  const randomBytes_ = ecdhOpts.randomBytes === void 0 ? randomBytes2 : ecdhOpts.randomBytes;
  const lengths = Object.assign(getWLengths(Point.Fp, Fn), {
    seed: Math.max(getMinHashLength(Fn.ORDER), 16)
  });
  function isValidSecretKey(secretKey) {
    try {
      const num = Fn.fromBytes(secretKey);
      return Fn.isValidNot0(num);
    } catch (error) {
      return false;
    }
  }
  function isValidPublicKey(publicKey, isCompressed) {
    const { publicKey: comp, publicKeyUncompressed } = lengths;
    try {
      const l = publicKey.length;
      if (isCompressed === true && l !== comp)
        return false;
      if (isCompressed === false && l !== publicKeyUncompressed)
        return false;
      return !Point.fromBytes(publicKey).is0();
    } catch (error) {
      return false;
    }
  }
  function randomSecretKey(seed) {
    seed = seed === void 0 ? randomBytes_(lengths.seed) : seed;
    return mapHashToField(abytes2(seed, lengths.seed, "seed"), Fn.ORDER);
  }
  function getPublicKey(secretKey, isCompressed = true) {
    return Point.BASE.multiply(Fn.fromBytes(secretKey)).toBytes(isCompressed);
  }
  function isProbPub(item) {
    const { secretKey, publicKey, publicKeyUncompressed } = lengths;
    const allowedLengths = Fn._lengths;
    if (!isBytes2(item))
      return void 0;
    const l = abytes2(item, void 0, "key").length;
    const isPub = l === publicKey || l === publicKeyUncompressed;
    const isSec = l === secretKey || !!allowedLengths?.includes(l);
    if (isPub && isSec)
      return void 0;
    return isPub;
  }
  function getSharedSecret(secretKeyA, publicKeyB, isCompressed = true) {
    if (isProbPub(secretKeyA) === true)
      throw new Error("first arg must be private key");
    if (isProbPub(publicKeyB) === false)
      throw new Error("second arg must be public key");
    const s = Fn.fromBytes(secretKeyA);
    const b = Point.fromBytes(publicKeyB);
    if (b.is0())
      throw new Error("invalid public key: point at infinity");
    return b.multiply(s).toBytes(isCompressed);
  }
  const utils = {
    isValidSecretKey,
    isValidPublicKey,
    randomSecretKey
  };
  const keygen = createKeygen(randomSecretKey, getPublicKey);
  Object.freeze(utils);
  Object.freeze(lengths);
  return Object.freeze({ getPublicKey, getSharedSecret, keygen, Point, utils, lengths });
}
function ecdsa(Point, hash, ecdsaOpts = {}) {
  validatePointCons(Point);
  const hash_ = hash;
  ahash(hash_);
  validateObject(ecdsaOpts, {}, {
    hmac: "function",
    lowS: "boolean",
    randomBytes: "function",
    bits2int: "function",
    bits2int_modN: "function"
  });
  const opts = Object.assign({}, ecdsaOpts);
  const randomBytes3 = opts.randomBytes === void 0 ? randomBytes2 : opts.randomBytes;
  const hmac2 = opts.hmac === void 0 ? (key, msg) => hmac(hash_, key, msg) : opts.hmac;
  const { Fp, Fn } = Point;
  const { ORDER: CURVE_ORDER, BITS: fnBits } = Fn;
  const blindLength = getMinHashLength(CURVE_ORDER);
  const csprng = probeRandomBytes(randomBytes3, blindLength);
  const { keygen, getPublicKey, getSharedSecret, utils, lengths } = ecdh(Point, opts);
  const defaultSigOpts = {
    prehash: true,
    lowS: typeof opts.lowS === "boolean" ? opts.lowS : true,
    format: "compact",
    extraEntropy: false
  };
  const hasLargeRecoveryLifts = CURVE_ORDER * _2n3 + _1n5 < Fp.ORDER;
  function isBiggerThanHalfOrder(number) {
    const HALF = CURVE_ORDER >> _1n5;
    return number > HALF;
  }
  function validateRS(title, num) {
    if (!Fn.isValidNot0(num))
      throw new Error(`invalid signature ${title}: out of range 1..Point.Fn.ORDER`);
    return num;
  }
  function assertFieldSignIsSupported() {
    if (!Fp.isOdd)
      throw new Error("Field doesn't support isOdd");
  }
  function getRecoveryBit(x, y, r) {
    assertFieldSignIsSupported();
    return (x === r ? 0 : 2) | Number(Fp.isOdd(y));
  }
  function assertRecoverableCurve() {
    if (hasLargeRecoveryLifts)
      throw new Error('"recovered" sig type is not supported for cofactor >2 curves');
  }
  function validateSigLength(bytes, format) {
    validateSigFormat(format);
    const size = lengths.signature;
    const sizer = format === "compact" ? size : format === "recovered" ? size + 1 : void 0;
    return abytes2(bytes, sizer);
  }
  class Signature {
    r;
    s;
    recovery;
    constructor(r, s, recovery) {
      this.r = validateRS("r", r);
      this.s = validateRS("s", s);
      if (recovery != null) {
        assertRecoverableCurve();
        if (![0, 1, 2, 3].includes(recovery))
          throw new Error("invalid recovery id");
        this.recovery = recovery;
      }
      Object.freeze(this);
    }
    static fromBytes(bytes, format = defaultSigOpts.format) {
      validateSigLength(bytes, format);
      let recid;
      if (format === "der") {
        if (bytes.length > 2 * Fn.BYTES + 16)
          throw new DER.Err("invalid signature: DER signature too long");
        const { r: r2, s: s2 } = DER.toSig(abytes2(bytes), Fn.BYTES + 1);
        return new Signature(r2, s2);
      }
      if (format === "recovered") {
        recid = bytes[0];
        format = "compact";
        bytes = bytes.subarray(1);
      }
      const L = lengths.signature / 2;
      const r = bytes.subarray(0, L);
      const s = bytes.subarray(L, L * 2);
      return new Signature(Fn.fromBytes(r), Fn.fromBytes(s), recid);
    }
    static fromHex(hex2, format) {
      return this.fromBytes(hexToBytes2(hex2), format);
    }
    assertRecovery() {
      const { recovery } = this;
      if (recovery == null)
        throw new Error("invalid recovery id: must be present");
      return recovery;
    }
    addRecoveryBit(recovery) {
      return new Signature(this.r, this.s, recovery);
    }
    // Unlike the top-level helper below, this method expects a digest that has
    // already been hashed to the curve's message representative.
    recoverPublicKey(messageHash) {
      const { r, s } = this;
      const recovery = this.assertRecovery();
      const radj = recovery === 2 || recovery === 3 ? r + CURVE_ORDER : r;
      if (!Fp.isValid(radj))
        throw new Error("invalid recovery id: sig.r+curve.n != R.x");
      const x = Fp.toBytes(radj);
      const R = Point.fromBytes(concatBytes2(pprefix((recovery & 1) === 0), x));
      const ir = Fn.inv(radj);
      const h = bits2int_modN(abytes2(messageHash, void 0, "msgHash"));
      const u1 = Fn.create(-h * ir);
      const u2 = Fn.create(s * ir);
      const Q = Point.BASE.mulAddUnsafe(u1, R, u2);
      if (Q.is0())
        throw new Error("invalid recovery: point at infinify");
      Q.assertValidity();
      return Q;
    }
    // Signatures should be low-s, to prevent malleability.
    hasHighS() {
      return isBiggerThanHalfOrder(this.s);
    }
    toBytes(format = defaultSigOpts.format) {
      validateSigFormat(format);
      if (format === "der")
        return hexToBytes2(DER.hexFromSig(this));
      const { r, s } = this;
      const rb = Fn.toBytes(r);
      const sb = Fn.toBytes(s);
      if (format === "recovered") {
        assertRecoverableCurve();
        return concatBytes2(Uint8Array.of(this.assertRecovery()), rb, sb);
      }
      return concatBytes2(rb, sb);
    }
    toHex(format) {
      return bytesToHex2(this.toBytes(format));
    }
  }
  Object.freeze(Signature.prototype);
  Object.freeze(Signature);
  const bits2int = opts.bits2int === void 0 ? function bits2int_def(bytes) {
    if (bytes.length > 8192)
      throw new Error("input is too large");
    const num = bytesToNumberBE(bytes);
    const delta = bytes.length * 8 - fnBits;
    return delta > 0 ? num >> BigInt(delta) : num;
  } : opts.bits2int;
  const bits2int_modN = opts.bits2int_modN === void 0 ? function bits2int_modN_def(bytes) {
    return Fn.create(bits2int(bytes));
  } : opts.bits2int_modN;
  const ORDER_MASK = bitMask(fnBits);
  function int2octets(num) {
    aInRange("num < 2^" + fnBits, num, _0n6, ORDER_MASK);
    return Fn.toBytes(num);
  }
  function validateMsgAndHash(message, prehash) {
    abytes2(message, void 0, "message");
    return prehash ? abytes2(hash_(message), void 0, "prehashed message") : message;
  }
  function prepSig(message, secretKey, opts2) {
    const { lowS, prehash, extraEntropy } = validateSigOpts(opts2, defaultSigOpts);
    message = validateMsgAndHash(message, prehash);
    const h1int = bits2int_modN(message);
    const d = Fn.fromBytes(secretKey);
    if (!Fn.isValidNot0(d))
      throw new Error("invalid private key");
    const seedArgs = [int2octets(d), int2octets(h1int)];
    if (extraEntropy != null && extraEntropy !== false) {
      const e = extraEntropy === true ? randomBytes3(lengths.secretKey) : extraEntropy;
      seedArgs.push(abytes2(e, void 0, "extraEntropy"));
    }
    const seed = concatBytes2(...seedArgs);
    const m = h1int;
    function k2sig(kBytes) {
      const k = bits2int(kBytes);
      if (!Fn.isValidNot0(k))
        return;
      const q = Point.BASE.multiply(k).toAffine();
      const r = Fn.create(q.x);
      if (r === _0n6)
        return;
      let s;
      if (csprng !== void 0) {
        const b = bytesToNumberBE(mapHashToField(csprng(blindLength), CURVE_ORDER));
        const ibk = Fn.inv(Fn.mul(b, k));
        const bm = Fn.mul(b, m);
        const bd = Fn.mul(b, d);
        s = Fn.create(ibk * Fn.create(bm + bd * r));
      } else {
        const ik = invertCt(k, CURVE_ORDER);
        s = Fn.create(ik * Fn.create(m + r * d));
      }
      if (s === _0n6)
        return;
      let recovery = getRecoveryBit(q.x, q.y, r);
      let normS = s;
      if (lowS && isBiggerThanHalfOrder(s)) {
        normS = Fn.neg(s);
        recovery ^= 1;
      }
      return new Signature(r, normS, hasLargeRecoveryLifts ? void 0 : recovery);
    }
    return { seed, k2sig };
  }
  function sign(message, secretKey, opts2 = {}) {
    const { seed, k2sig } = prepSig(message, secretKey, opts2);
    const drbg = createHmacDrbg(hash_.outputLen, Fn.BYTES, hmac2);
    const sig = drbg(seed, k2sig);
    return sig.toBytes(opts2.format);
  }
  function verify(signature, message, publicKey, opts2 = {}) {
    const { lowS, prehash, format } = validateSigOpts(opts2, defaultSigOpts);
    publicKey = abytes2(publicKey, void 0, "publicKey");
    message = validateMsgAndHash(message, prehash);
    if (!isBytes2(signature)) {
      const end = signature instanceof Signature ? ", use sig.toBytes()" : "";
      throw new Error("verify expects Uint8Array signature" + end);
    }
    validateSigLength(signature, format);
    try {
      const sig = Signature.fromBytes(signature, format);
      const P = Point.fromBytes(publicKey);
      if (P.is0())
        return false;
      if (lowS && sig.hasHighS())
        return false;
      const { r, s } = sig;
      const h = bits2int_modN(message);
      const is = Fn.inv(s);
      const u1 = Fn.create(h * is);
      const u2 = Fn.create(r * is);
      const R = Point.BASE.mulAddUnsafe(u1, P, u2);
      if (R.is0())
        return false;
      const q = R.toAffine();
      const v = Fn.create(q.x);
      if (v !== r)
        return false;
      if (format === "recovered" && sig.recovery !== getRecoveryBit(q.x, q.y, r))
        return false;
      return true;
    } catch (e) {
      return false;
    }
  }
  function recoverPublicKey(signature, message, opts2 = {}) {
    const { prehash } = validateSigOpts(opts2, defaultSigOpts);
    message = validateMsgAndHash(message, prehash);
    return Signature.fromBytes(signature, "recovered").recoverPublicKey(message).toBytes();
  }
  return Object.freeze({
    keygen,
    getPublicKey,
    getSharedSecret,
    utils,
    lengths,
    Point,
    sign,
    verify,
    recoverPublicKey,
    Signature,
    hash: hash_
  });
}

// node_modules/@noble/curves/secp256k1.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var secp256k1_CURVE = {
  p: BigInt("0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"),
  n: BigInt("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
  h: BigInt(1),
  a: BigInt(0),
  b: BigInt(7),
  Gx: BigInt("0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
  Gy: BigInt("0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")
};
var secp256k1_ENDO = {
  beta: BigInt("0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501ee"),
  basises: [
    [BigInt("0x3086d221a7d46bcde86c90e49284eb15"), -BigInt("0xe4437ed6010e88286f547fa90abfe4c3")],
    [BigInt("0x114ca50f7a8e2f3f657c1108d9d44cfd8"), BigInt("0x3086d221a7d46bcde86c90e49284eb15")]
  ]
};
var _2n4 = /* @__PURE__ */ BigInt(2);
function sqrtMod(y) {
  const P = secp256k1_CURVE.p;
  const _3n3 = BigInt(3), _6n = BigInt(6), _11n = BigInt(11), _22n = BigInt(22);
  const _23n = BigInt(23), _44n = BigInt(44), _88n = BigInt(88);
  const b2 = y * y * y % P;
  const b3 = b2 * b2 * y % P;
  const b6 = pow2(b3, _3n3, P) * b3 % P;
  const b9 = pow2(b6, _3n3, P) * b3 % P;
  const b11 = pow2(b9, _2n4, P) * b2 % P;
  const b22 = pow2(b11, _11n, P) * b11 % P;
  const b44 = pow2(b22, _22n, P) * b22 % P;
  const b88 = pow2(b44, _44n, P) * b44 % P;
  const b176 = pow2(b88, _88n, P) * b88 % P;
  const b220 = pow2(b176, _44n, P) * b44 % P;
  const b223 = pow2(b220, _3n3, P) * b3 % P;
  const t1 = pow2(b223, _23n, P) * b22 % P;
  const t2 = pow2(t1, _6n, P) * b2 % P;
  const root = pow2(t2, _2n4, P);
  if (!Fpk1.eql(Fpk1.sqr(root), y))
    throw new Error("Cannot find square root");
  return root;
}
var Fpk1 = /* @__PURE__ */ Field(secp256k1_CURVE.p, { sqrt: sqrtMod });
var Pointk1 = /* @__PURE__ */ weierstrass(secp256k1_CURVE, {
  Fp: Fpk1,
  endo: secp256k1_ENDO
});
var secp256k1 = /* @__PURE__ */ ecdsa(Pointk1, sha256);

// src/verify/key.ts
function keyWithX(x, signer) {
  const candidates = [2, 3].map((parity) => toHex(concatBytes(Uint8Array.of(parity), fromHex(x))));
  return candidates.find((key) => addressOf(key) === signer) ?? null;
}
function addressOf(key) {
  try {
    const point = secp256k1.Point.fromBytes(fromHex(key));
    return toHex(keccak_256(point.toBytes(false).slice(1)).slice(12));
  } catch {
    return null;
  }
}

// src/verify/word.ts
function recordSlots(owner, label) {
  const ofOwner = keccak_256(concatBytes(padded(fromHex(owner), 32), new Uint8Array(32)));
  const base = toNumber(keccak_256(concatBytes(fromHex(label), ofOwner)));
  const after = (words) => `0x${((base + words) % (1n << 256n)).toString(16).padStart(64, "0")}`;
  return { word: after(0n), x: after(1n), bundle: after(2n) };
}
function readWord(word2) {
  if (word2 === 0n) return null;
  const bits = (shift, width) => word2 >> shift & (1n << width) - 1n;
  const reason = Number(bits(252n, 4n));
  return {
    signer: `0x${bits(0n, 160n).toString(16).padStart(40, "0")}`,
    anchoredAt: Number(bits(160n, 40n)),
    validUntil: Number(bits(200n, 32n)) || null,
    version: Number(bits(232n, 16n)),
    scheme: bits(248n, 1n) === 0n ? "ecdsa" : "schnorr",
    suiteFloor: Number(bits(249n, 2n)),
    revoked: bits(251n, 1n) === 1n ? REASONS[reason] ?? `code_${reason}` : null
  };
}
function statusAt(word2, time) {
  if (word2.revoked !== null) return "revoked";
  return word2.validUntil !== null && time >= word2.validUntil ? "expired" : "active";
}
var REASONS = [
  "unspecified",
  "key_compromised",
  "superseded",
  "ceased_operation",
  "owner_decision",
  "policy"
];

// src/verify/compare.ts
function differences(said, proven, now) {
  if (said === null || proven.record === null) {
    if (said === null && proven.record === null) return [];
    return [
      said === null ? "it says that there is no record, and there is one" : "it says a record, and there is none"
    ];
  }
  const bundle = said.bundle ?? ZERO_WORD;
  const differing = ofRecord(said, proven.record, now);
  return bundle === proven.bundle ? differing : [...differing, "the bundle's hash differs"];
}
function ofRecord(said, { fields: fields2, word: word2, isPinned }, now) {
  const pairs = [
    ["record word", said.word, word2],
    ["signer", said.signer, fields2.signer],
    ["version", said.version, fields2.version],
    ["signature scheme", said.scheme, fields2.scheme],
    ["suite floor", said.suiteFloor, fields2.suiteFloor],
    ["time of anchoring", said.anchoredAt, fields2.anchoredAt],
    ["end of validity", said.validUntil, fields2.validUntil],
    ["revocation", said.reason !== null, fields2.revoked !== null],
    ["status", said.status, statusAt(fields2, now)],
    ["pinning", said.pinned, isPinned]
  ];
  const differing = pairs.filter(([, one, other]) => one !== other).map(([name]) => `the ${name} differs`);
  const isKnownReason = fields2.revoked !== null && !fields2.revoked.startsWith("code_");
  if (isKnownReason && said.reason !== fields2.revoked) differing.push("the reason of the revocation differs");
  if (keyWithX(said.x, fields2.signer) === null) differing.push("its X coordinate is not that of the signer's key");
  return differing;
}

// src/verify/document.ts
var MAX_HEADERS = 256;
function readRecordProof(value) {
  const document2 = fields(value, "the proof");
  const { document: kind, version } = document2;
  if (kind !== "countersign.record-proof") throw new Misshapen("it is no record proof");
  if (version !== 1) throw new Misshapen("it is of a version that this page does not know");
  const publicKey = optional(hex(33))(document2["public_key"], "public_key");
  return {
    chainId: whole(document2["chain_id"], "chain_id"),
    owner: address(document2["owner"], "owner"),
    label: word(document2["label"], "label"),
    headers: list(hex())(document2["headers"], "headers"),
    account: accountProof(document2["proof"]),
    publicKey
  };
}
function accountProof(value) {
  const proof = fields(value, "proof");
  return {
    address: address(proof["address"], "proof.address"),
    codeHash: word(proof["codeHash"], "proof.codeHash"),
    storageHash: word(proof["storageHash"], "proof.storageHash"),
    nodes: list(hex())(proof["accountProof"], "proof.accountProof"),
    storage: list(storageProof)(proof["storageProof"], "proof.storageProof")
  };
}
function storageProof(value, what) {
  const proof = fields(value, what);
  const digits = quantity(proof["key"], `${what}.key`).toString(16);
  const slot = padded(fromHex(`0x${digits.padStart(64, "0")}`), 32);
  return {
    slot: toHex(slot),
    value: quantity(proof["value"], `${what}.value`),
    nodes: list(hex())(proof["proof"], `${what}.proof`)
  };
}

// src/verify/fault.ts
var Fault = class extends Error {
  name = "Fault";
};

// node_modules/@ethereumjs/rlp/dist/esm/errors.js
var DEFAULT_ERROR_CODE = "ETHEREUMJS_DEFAULT_ERROR_CODE";
var EthereumJSError = class extends Error {
  constructor(type, message, stack) {
    super(message ?? type.code);
    this.type = type;
    if (stack !== void 0)
      this.stack = stack;
  }
  getMetadata() {
    return this.type;
  }
  /**
   * Get the metadata and the stacktrace for the error.
   */
  toObject() {
    return {
      type: this.getMetadata(),
      message: this.message ?? "",
      stack: this.stack ?? "",
      className: this.constructor.name
    };
  }
};
function EthereumJSErrorWithoutCode(message, stack) {
  return new EthereumJSError({ code: DEFAULT_ERROR_CODE }, message, stack);
}

// node_modules/@ethereumjs/rlp/dist/esm/index.js
function decodeLength(v) {
  if (v[0] === 0) {
    throw EthereumJSErrorWithoutCode("invalid RLP: extra zeros");
  }
  return parseHexByte(bytesToHex3(v));
}
function encodeLength(len, offset) {
  if (len < 56) {
    return Uint8Array.from([len + offset]);
  }
  const hexLength = numberToHex(len);
  const lLength = hexLength.length / 2;
  const firstByte = numberToHex(offset + 55 + lLength);
  return Uint8Array.from(hexToBytes3(firstByte + hexLength));
}
function safeSlice(input, start2, end) {
  if (end > input.length) {
    throw EthereumJSErrorWithoutCode("invalid RLP (safeSlice): end slice of Uint8Array out-of-bounds");
  }
  return input.slice(start2, end);
}
function _decode(input) {
  let length, lLength, data, innerRemainder, d;
  const decoded2 = [];
  const firstByte = input[0];
  if (firstByte <= 127) {
    return {
      data: input.slice(0, 1),
      remainder: input.subarray(1)
    };
  } else if (firstByte <= 183) {
    length = firstByte - 127;
    if (firstByte === 128) {
      data = Uint8Array.from([]);
    } else {
      data = safeSlice(input, 1, length);
    }
    if (length === 2 && data[0] < 128) {
      throw EthereumJSErrorWithoutCode("invalid RLP encoding: invalid prefix, single byte < 0x80 are not prefixed");
    }
    return {
      data,
      remainder: input.subarray(length)
    };
  } else if (firstByte <= 191) {
    lLength = firstByte - 182;
    if (input.length - 1 < lLength) {
      throw EthereumJSErrorWithoutCode("invalid RLP: not enough bytes for string length");
    }
    length = decodeLength(safeSlice(input, 1, lLength));
    if (length <= 55) {
      throw EthereumJSErrorWithoutCode("invalid RLP: expected string length to be greater than 55");
    }
    data = safeSlice(input, lLength, length + lLength);
    return {
      data,
      remainder: input.subarray(length + lLength)
    };
  } else if (firstByte <= 247) {
    length = firstByte - 191;
    innerRemainder = safeSlice(input, 1, length);
    while (innerRemainder.length) {
      d = _decode(innerRemainder);
      decoded2.push(d.data);
      innerRemainder = d.remainder;
    }
    return {
      data: decoded2,
      remainder: input.subarray(length)
    };
  } else {
    lLength = firstByte - 246;
    length = decodeLength(safeSlice(input, 1, lLength));
    if (length < 56) {
      throw EthereumJSErrorWithoutCode("invalid RLP: encoded list too short");
    }
    const totalLength = lLength + length;
    if (totalLength > input.length) {
      throw EthereumJSErrorWithoutCode("invalid RLP: total length is larger than the data");
    }
    innerRemainder = safeSlice(input, lLength, totalLength);
    while (innerRemainder.length) {
      d = _decode(innerRemainder);
      decoded2.push(d.data);
      innerRemainder = d.remainder;
    }
    return {
      data: decoded2,
      remainder: input.subarray(totalLength)
    };
  }
}
var cachedHexes = Array.from({ length: 256 }, (_v, i) => i.toString(16).padStart(2, "0"));
function bytesToHex3(uint8a) {
  let hex2 = "";
  for (let i = 0; i < uint8a.length; i++) {
    hex2 += cachedHexes[uint8a[i]];
  }
  return hex2;
}
function parseHexByte(hexByte) {
  const byte = Number.parseInt(hexByte, 16);
  if (Number.isNaN(byte))
    throw EthereumJSErrorWithoutCode("Invalid byte sequence");
  return byte;
}
var asciis = { _0: 48, _9: 57, _A: 65, _F: 70, _a: 97, _f: 102 };
function asciiToBase162(char) {
  if (char >= asciis._0 && char <= asciis._9)
    return char - asciis._0;
  if (char >= asciis._A && char <= asciis._F)
    return char - (asciis._A - 10);
  if (char >= asciis._a && char <= asciis._f)
    return char - (asciis._a - 10);
  return;
}
function hexToBytes3(hex2) {
  if (typeof hex2 !== "string")
    throw EthereumJSErrorWithoutCode("hex string expected, got " + typeof hex2);
  if (hex2.slice(0, 2) === "0x")
    hex2 = hex2.slice(2);
  const hl = hex2.length;
  const al = hl / 2;
  if (hl % 2)
    throw EthereumJSErrorWithoutCode("padded hex string expected, got unpadded hex of length " + hl);
  const array = new Uint8Array(al);
  for (let ai = 0, hi = 0; ai < al; ai++, hi += 2) {
    const n1 = asciiToBase162(hex2.charCodeAt(hi));
    const n2 = asciiToBase162(hex2.charCodeAt(hi + 1));
    if (n1 === void 0 || n2 === void 0) {
      const char = hex2[hi] + hex2[hi + 1];
      throw EthereumJSErrorWithoutCode('hex string expected, got non-hex character "' + char + '" at index ' + hi);
    }
    array[ai] = n1 * 16 + n2;
  }
  return array;
}
function concatBytes3(...arrays) {
  if (arrays.length === 1)
    return arrays[0];
  const length = arrays.reduce((a, arr) => a + arr.length, 0);
  const result = new Uint8Array(length);
  for (let i = 0, pad = 0; i < arrays.length; i++) {
    const arr = arrays[i];
    result.set(arr, pad);
    pad += arr.length;
  }
  return result;
}
function utf8ToBytes2(utf) {
  return new TextEncoder().encode(utf);
}
function numberToHex(integer) {
  if (integer < 0) {
    throw EthereumJSErrorWithoutCode("Invalid integer as argument, must be unsigned!");
  }
  const hex2 = integer.toString(16);
  return hex2.length % 2 ? `0${hex2}` : hex2;
}
function padToEven(a) {
  return a.length % 2 ? `0${a}` : a;
}
function isHexString(str) {
  return str.length >= 2 && str[0] === "0" && str[1] === "x";
}
function stripHexPrefix(str) {
  if (typeof str !== "string") {
    return str;
  }
  return isHexString(str) ? str.slice(2) : str;
}
function toBytes(v) {
  if (v instanceof Uint8Array) {
    return v;
  }
  if (typeof v === "string") {
    if (isHexString(v)) {
      return hexToBytes3(padToEven(stripHexPrefix(v)));
    }
    return utf8ToBytes2(v);
  }
  if (typeof v === "number" || typeof v === "bigint") {
    if (!v) {
      return Uint8Array.from([]);
    }
    return hexToBytes3(numberToHex(v));
  }
  if (v === null || v === void 0) {
    return Uint8Array.from([]);
  }
  throw EthereumJSErrorWithoutCode("toBytes: received unsupported type " + typeof v);
}
function encode(input) {
  if (Array.isArray(input)) {
    const output = [];
    let outputLength = 0;
    for (let i = 0; i < input.length; i++) {
      const encoded = encode(input[i]);
      output.push(encoded);
      outputLength += encoded.length;
    }
    return concatBytes3(encodeLength(outputLength, 192), ...output);
  }
  const inputBuf = toBytes(input);
  if (inputBuf.length === 1 && inputBuf[0] < 128) {
    return inputBuf;
  }
  return concatBytes3(encodeLength(inputBuf.length, 128), inputBuf);
}
function decode(input, stream = false) {
  if (typeof input === "undefined" || input === null || input.length === 0) {
    return Uint8Array.from([]);
  }
  const inputBytes = toBytes(input);
  const decoded2 = _decode(inputBytes);
  if (stream) {
    return {
      data: decoded2.data,
      remainder: decoded2.remainder.slice()
    };
  }
  if (decoded2.remainder.length !== 0) {
    throw EthereumJSErrorWithoutCode("invalid RLP: remainder must be zero");
  }
  return decoded2.data;
}
var RLP = { encode, decode };

// src/verify/header.ts
function linkedHeaders(encoded) {
  if (encoded.length > MAX_HEADERS) throw new Fault(`it has ${encoded.length} headers; ${MAX_HEADERS} are the most`);
  const headers = encoded.map((bytes, position) => header(fromHex(bytes), position));
  for (const [position, child] of headers.slice(1).entries()) {
    const parent = headers[position];
    if (!parent || !equal(fromHex(parent.hash), child.parentHash)) {
      throw new Fault(`header ${position + 2} does not name the one before it as its parent`);
    }
  }
  const [first, ...rest] = headers;
  if (!first) throw new Fault("it holds no header");
  return [first, ...rest];
}
function header(bytes, position) {
  const fields2 = decoded(bytes);
  const [parentHash, stateRoot] = [fields2[PARENT_HASH], fields2[STATE_ROOT]];
  const [number, timestamp] = [fields2[NUMBER], fields2[TIMESTAMP]];
  const whole2 = fields2.length >= 15 && parentHash?.length === 32 && stateRoot?.length === 32;
  if (!whole2 || !number || !timestamp || number.length > 6 || timestamp.length > 6) {
    throw new Fault(`header ${position + 1} is no block header that this page can read`);
  }
  return {
    hash: toHex(keccak_256(bytes)),
    number: Number(toNumber(number)),
    parentHash,
    stateRoot,
    timestamp: Number(toNumber(timestamp))
  };
}
function decoded(bytes) {
  try {
    const list2 = RLP.decode(bytes);
    if (!Array.isArray(list2)) return [];
    return list2.every((field2) => field2 instanceof Uint8Array) ? list2 : [];
  } catch {
    return [];
  }
}
var PARENT_HASH = 0;
var STATE_ROOT = 3;
var NUMBER = 8;
var TIMESTAMP = 11;

// src/verify/registry.ts
var REGISTRY_ADDRESS = "0x45f38f2aca274ee229e45ea827983e45f2896b39";
var REGISTRY_CODE_HASH = "0xad017a8d4a7d269719daa976778424e856f68aa7ea7936ffd11c33e1b4e0a6f5";

// node_modules/@ethereumjs/util/dist/esm/internal.js
function isHexString2(value, length) {
  if (typeof value !== "string" || !value.match(/^0x[0-9A-Fa-f]*$/))
    return false;
  if (typeof length !== "undefined" && length > 0 && value.length !== 2 + 2 * length)
    return false;
  return true;
}
var stripHexPrefix2 = (str) => {
  if (typeof str !== "string")
    throw EthereumJSErrorWithoutCode(`[stripHexPrefix] input must be type 'string', received ${typeof str}`);
  return isHexString2(str) ? str.slice(2) : str;
};
function padToEven2(value) {
  let a = value;
  if (typeof a !== "string") {
    throw EthereumJSErrorWithoutCode(`[padToEven] value must be type 'string', received ${typeof a}`);
  }
  if (a.length % 2)
    a = `0${a}`;
  return a;
}

// node_modules/@ethereumjs/util/dist/esm/helpers.js
var assertIsBytes = function(input) {
  if (!(input instanceof Uint8Array)) {
    const msg = `This method only supports Uint8Array but input was: ${input}`;
    throw EthereumJSErrorWithoutCode(msg);
  }
};

// node_modules/@ethereumjs/util/dist/esm/bytes.js
var BIGINT_0 = BigInt(0);
var bytesToUnprefixedHex = bytesToHex;
var hexToBytes4 = (hex2) => {
  if (!hex2.startsWith("0x"))
    throw EthereumJSErrorWithoutCode("input string must be 0x prefixed");
  return hexToBytes(padToEven2(stripHexPrefix2(hex2)));
};
var unprefixedHexToBytes = (hex2) => {
  if (hex2.startsWith("0x"))
    throw EthereumJSErrorWithoutCode("input string cannot be 0x prefixed");
  return hexToBytes(padToEven2(hex2));
};
var bytesToHex4 = (bytes) => {
  const unprefixedHex = bytesToUnprefixedHex(bytes);
  return `0x${unprefixedHex}`;
};
var BIGINT_CACHE = [];
for (let i = 0; i <= 256 * 256 - 1; i++) {
  BIGINT_CACHE[i] = BigInt(i);
}
var bytesToBigInt = (bytes, littleEndian = false) => {
  assertIsBytes(bytes);
  if (littleEndian) {
    bytes = bytes.slice().reverse();
  }
  const hex2 = bytesToHex4(bytes);
  if (hex2 === "0x") {
    return BIGINT_0;
  }
  if (hex2.length === 4) {
    return BIGINT_CACHE[bytes[0]];
  }
  if (hex2.length === 6) {
    return BIGINT_CACHE[bytes[0] * 256 + bytes[1]];
  }
  return BigInt(hex2);
};
var intToHex = (i) => {
  if (!Number.isSafeInteger(i) || i < 0) {
    throw EthereumJSErrorWithoutCode(`Received an invalid integer type: ${i}`);
  }
  return `0x${i.toString(16)}`;
};
var intToBytes = (i) => {
  const hex2 = intToHex(i);
  return hexToBytes4(hex2);
};
var concatBytes4 = (...arrays) => {
  if (arrays.length === 1)
    return arrays[0];
  const length = arrays.reduce((a, arr) => a + arr.length, 0);
  const result = new Uint8Array(length);
  for (let i = 0, pad = 0; i < arrays.length; i++) {
    const arr = arrays[i];
    result.set(arr, pad);
    pad += arr.length;
  }
  return result;
};
function bytesToUtf8(bytes) {
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`bytesToUtf8 expected Uint8Array, got ${typeof bytes}`);
  }
  return new TextDecoder().decode(bytes);
}
function equalsBytes(a, b) {
  if (a.length !== b.length) {
    return false;
  }
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) {
      return false;
    }
  }
  return true;
}

// node_modules/@ethereumjs/util/dist/esm/constants.js
var MAX_UINT64 = BigInt("0xffffffffffffffff");
var MAX_INTEGER = BigInt("0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
var MAX_INTEGER_BIGINT = BigInt("115792089237316195423570985008687907853269984665640564039457584007913129639935");
var SECP256K1_ORDER = secp256k1.Point.CURVE().n;
var SECP256K1_ORDER_DIV_2 = SECP256K1_ORDER / BigInt(2);
var TWO_POW256 = BigInt("0x10000000000000000000000000000000000000000000000000000000000000000");
var KECCAK256_NULL_S = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
var KECCAK256_NULL = hexToBytes4(KECCAK256_NULL_S);
var KECCAK256_RLP_ARRAY_S = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
var KECCAK256_RLP_ARRAY = hexToBytes4(KECCAK256_RLP_ARRAY_S);
var KECCAK256_RLP_S = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
var KECCAK256_RLP = hexToBytes4(KECCAK256_RLP_S);
var SHA256_NULL = sha256(new Uint8Array());
var RLP_EMPTY_STRING = Uint8Array.from([128]);
var SYSTEM_ADDRESS = "0xfffffffffffffffffffffffffffffffffffffffe";
var SYSTEM_ADDRESS_BYTES = hexToBytes4(SYSTEM_ADDRESS);
var MAX_BLOCK_SIZE = 10485760;
var SAFETY_MARGIN = 2097152;
var MAX_RLP_BLOCK_SIZE = MAX_BLOCK_SIZE - SAFETY_MARGIN;
var BIGINT_NEG1 = BigInt(-1);
var BIGINT_02 = BigInt(0);
var BIGINT_1 = BigInt(1);
var BIGINT_2 = BigInt(2);
var BIGINT_3 = BigInt(3);
var BIGINT_7 = BigInt(7);
var BIGINT_8 = BigInt(8);
var BIGINT_27 = BigInt(27);
var BIGINT_28 = BigInt(28);
var BIGINT_31 = BigInt(31);
var BIGINT_32 = BigInt(32);
var BIGINT_64 = BigInt(64);
var BIGINT_128 = BigInt(128);
var BIGINT_255 = BigInt(255);
var BIGINT_256 = BigInt(256);
var BIGINT_96 = BigInt(96);
var BIGINT_100 = BigInt(100);
var BIGINT_160 = BigInt(160);
var BIGINT_224 = BigInt(224);
var BIGINT_2EXP96 = BigInt(7922816251426434e13);
var BIGINT_2EXP160 = BigInt(1461501637330903e33);
var BIGINT_2EXP224 = BigInt(2695994666715064e52);
var BIGINT_2EXP256 = BIGINT_2 ** BIGINT_256;

// node_modules/@ethereumjs/util/dist/esm/units.js
var GWEI_TO_WEI = BigInt(10 ** 9);
var ETHER_TO_WEI = BigInt(10 ** 18);

// node_modules/@ethereumjs/util/dist/esm/account.js
var emptyUint8Arr = new Uint8Array(0);

// node_modules/@ethereumjs/util/dist/esm/db.js
var KeyEncoding = {
  String: "string",
  Bytes: "view",
  Number: "number"
};
var ValueEncoding = {
  String: "string",
  Bytes: "view",
  JSON: "json"
};

// node_modules/@ethereumjs/util/dist/esm/authorization.js
var EOA_CODE_7702_AUTHORITY_SIGNING_MAGIC = hexToBytes4("0x05");

// node_modules/@ethereumjs/util/dist/esm/env.js
var isDebugEnabled = (namespace) => globalThis.process?.env?.DEBUG?.includes(namespace) ?? false;

// node_modules/@ethereumjs/util/dist/esm/binaryTree.js
var BinaryTreeLeafType = {
  BasicData: 0,
  CodeHash: 1
};
var BINARY_TREE_BASIC_DATA_LEAF_KEY = intToBytes(BinaryTreeLeafType.BasicData);
var BINARY_TREE_CODE_HASH_LEAF_KEY = intToBytes(BinaryTreeLeafType.CodeHash);
var BINARY_TREE_CODE_CHUNK_SIZE = 31;
var BINARY_TREE_MAIN_STORAGE_OFFSET = BigInt(256) ** BigInt(BINARY_TREE_CODE_CHUNK_SIZE);

// node_modules/@ethereumjs/util/dist/esm/blobs.js
var BYTES_PER_FIELD_ELEMENT = 32;
var FIELD_ELEMENTS_PER_BLOB = 4096;
var BLOB_SIZE = BYTES_PER_FIELD_ELEMENT * FIELD_ELEMENTS_PER_BLOB;
var MAX_BLOBS_PER_TX = 6;
var MAX_BLOB_BYTES_PER_TX = BLOB_SIZE * MAX_BLOBS_PER_TX - 1;

// node_modules/@ethereumjs/util/dist/esm/lock.js
var Lock = class {
  constructor() {
    this.permits = 1;
    this.promiseResolverQueue = [];
  }
  /**
   * Returns a promise used to wait for a permit to become available. This method should be awaited on.
   * @returns  A promise that gets resolved when execution is allowed to proceed.
   */
  async acquire() {
    if (this.permits > 0) {
      this.permits -= 1;
      return Promise.resolve(true);
    }
    return new Promise((resolver) => this.promiseResolverQueue.push(resolver));
  }
  /**
   * Increases the number of permits by one. If there are other functions waiting, one of them will
   * continue to execute in a future iteration of the event loop.
   */
  release() {
    this.permits += 1;
    if (this.permits > 1 && this.promiseResolverQueue.length > 0) {
      console.warn("Lock.permits should never be > 0 when there is someone waiting.");
    } else if (this.permits === 1 && this.promiseResolverQueue.length > 0) {
      this.permits -= 1;
      const nextResolver = this.promiseResolverQueue.shift();
      if (nextResolver) {
        nextResolver(true);
      }
    }
  }
};

// node_modules/@ethereumjs/util/dist/esm/mapDB.js
var MapDB = class _MapDB {
  constructor(database) {
    this._database = database ?? /* @__PURE__ */ new Map();
  }
  async get(key) {
    const dbKey = key instanceof Uint8Array ? bytesToUnprefixedHex(key) : key.toString();
    return this._database.get(dbKey);
  }
  async put(key, val) {
    const dbKey = key instanceof Uint8Array ? bytesToUnprefixedHex(key) : key.toString();
    this._database.set(dbKey, val);
  }
  async del(key) {
    const dbKey = key instanceof Uint8Array ? bytesToUnprefixedHex(key) : key.toString();
    this._database.delete(dbKey);
  }
  async batch(opStack) {
    for (const op of opStack) {
      if (op.type === "del") {
        await this.del(op.key);
      }
      if (op.type === "put") {
        await this.put(op.key, op.value);
      }
    }
  }
  /**
   * Note that the returned shallow copy will share the underlying database with the original
   *
   * @returns DB
   */
  shallowCopy() {
    return new _MapDB(this._database);
  }
  open() {
    return Promise.resolve();
  }
};

// node_modules/@ethereumjs/util/dist/esm/tasks.js
var PrioritizedTaskExecutor = class {
  /**
   * Executes tasks up to maxPoolSize at a time, other items are put in a priority queue.
   * @class PrioritizedTaskExecutor
   * @private
   * @param maxPoolSize The maximum size of the pool
   */
  constructor(maxPoolSize) {
    this.maxPoolSize = maxPoolSize;
    this.currentPoolSize = 0;
    this.queue = [];
  }
  /**
   * Executes the task or queues it if no spots are available.
   * When a task is added, check if there are spots left in the pool.
   * If a spot is available, claim that spot and give back the spot once the asynchronous task has been resolved.
   * When no spots are available, add the task to the task queue. The task will be executed at some point when another task has been resolved.
   * @private
   * @param priority The priority of the task
   * @param fn The function that accepts the callback, which must be called upon the task completion.
   */
  executeOrQueue(priority, fn) {
    if (this.currentPoolSize < this.maxPoolSize) {
      this.currentPoolSize++;
      fn(() => {
        this.currentPoolSize--;
        if (this.queue.length > 0) {
          this.queue.sort((a, b) => b.priority - a.priority);
          const item = this.queue.shift();
          this.executeOrQueue(item.priority, item.fn);
        }
      });
    } else {
      this.queue.push({ priority, fn });
    }
  }
  /**
   * Checks if the taskExecutor is finished.
   * @private
   * @returns Returns `true` if the taskExecutor is finished, otherwise returns `false`.
   */
  finished() {
    return this.currentPoolSize === 0;
  }
};

// node_modules/@ethereumjs/mpt/dist/esm/constructors.js
async function createMPTFromProof(proof, trieOpts) {
  const shouldVerifyRoot = trieOpts?.root !== void 0;
  const trie = new MerklePatriciaTrie(trieOpts);
  const root = await updateMPTFromMerkleProof(trie, proof, shouldVerifyRoot);
  trie.root(root);
  await trie.persistRoot();
  return trie;
}

// node_modules/lru-cache/dist/esm/index.js
var perf = typeof performance === "object" && performance && typeof performance.now === "function" ? performance : Date;
var warned = /* @__PURE__ */ new Set();
var PROCESS = typeof process === "object" && !!process ? process : {};
var emitWarning = (msg, type, code, fn) => {
  typeof PROCESS.emitWarning === "function" ? PROCESS.emitWarning(msg, type, code, fn) : console.error(`[${code}] ${type}: ${msg}`);
};
var AC = globalThis.AbortController;
var AS = globalThis.AbortSignal;
if (typeof AC === "undefined") {
  AS = class AbortSignal {
    onabort;
    _onabort = [];
    reason;
    aborted = false;
    addEventListener(_, fn) {
      this._onabort.push(fn);
    }
  };
  AC = class AbortController {
    constructor() {
      warnACPolyfill();
    }
    signal = new AS();
    abort(reason) {
      if (this.signal.aborted)
        return;
      this.signal.reason = reason;
      this.signal.aborted = true;
      for (const fn of this.signal._onabort) {
        fn(reason);
      }
      this.signal.onabort?.(reason);
    }
  };
  let printACPolyfillWarning = PROCESS.env?.LRU_CACHE_IGNORE_AC_WARNING !== "1";
  const warnACPolyfill = () => {
    if (!printACPolyfillWarning)
      return;
    printACPolyfillWarning = false;
    emitWarning("AbortController is not defined. If using lru-cache in node 14, load an AbortController polyfill from the `node-abort-controller` package. A minimal polyfill is provided for use by LRUCache.fetch(), but it should not be relied upon in other contexts (eg, passing it to other APIs that use AbortController/AbortSignal might have undesirable effects). You may disable this with LRU_CACHE_IGNORE_AC_WARNING=1 in the env.", "NO_ABORT_CONTROLLER", "ENOTSUP", warnACPolyfill);
  };
}
var shouldWarn = (code) => !warned.has(code);
var isPosInt = (n) => n && n === Math.floor(n) && n > 0 && isFinite(n);
var getUintArray = (max) => !isPosInt(max) ? null : max <= Math.pow(2, 8) ? Uint8Array : max <= Math.pow(2, 16) ? Uint16Array : max <= Math.pow(2, 32) ? Uint32Array : max <= Number.MAX_SAFE_INTEGER ? ZeroArray : null;
var ZeroArray = class extends Array {
  constructor(size) {
    super(size);
    this.fill(0);
  }
};
var Stack = class _Stack {
  heap;
  length;
  // private constructor
  static #constructing = false;
  static create(max) {
    const HeapCls = getUintArray(max);
    if (!HeapCls)
      return [];
    _Stack.#constructing = true;
    const s = new _Stack(max, HeapCls);
    _Stack.#constructing = false;
    return s;
  }
  constructor(max, HeapCls) {
    if (!_Stack.#constructing) {
      throw new TypeError("instantiate Stack using Stack.create(n)");
    }
    this.heap = new HeapCls(max);
    this.length = 0;
  }
  push(n) {
    this.heap[this.length++] = n;
  }
  pop() {
    return this.heap[--this.length];
  }
};
var LRUCache = class _LRUCache {
  // options that cannot be changed without disaster
  #max;
  #maxSize;
  #dispose;
  #disposeAfter;
  #fetchMethod;
  #memoMethod;
  /**
   * {@link LRUCache.OptionsBase.ttl}
   */
  ttl;
  /**
   * {@link LRUCache.OptionsBase.ttlResolution}
   */
  ttlResolution;
  /**
   * {@link LRUCache.OptionsBase.ttlAutopurge}
   */
  ttlAutopurge;
  /**
   * {@link LRUCache.OptionsBase.updateAgeOnGet}
   */
  updateAgeOnGet;
  /**
   * {@link LRUCache.OptionsBase.updateAgeOnHas}
   */
  updateAgeOnHas;
  /**
   * {@link LRUCache.OptionsBase.allowStale}
   */
  allowStale;
  /**
   * {@link LRUCache.OptionsBase.noDisposeOnSet}
   */
  noDisposeOnSet;
  /**
   * {@link LRUCache.OptionsBase.noUpdateTTL}
   */
  noUpdateTTL;
  /**
   * {@link LRUCache.OptionsBase.maxEntrySize}
   */
  maxEntrySize;
  /**
   * {@link LRUCache.OptionsBase.sizeCalculation}
   */
  sizeCalculation;
  /**
   * {@link LRUCache.OptionsBase.noDeleteOnFetchRejection}
   */
  noDeleteOnFetchRejection;
  /**
   * {@link LRUCache.OptionsBase.noDeleteOnStaleGet}
   */
  noDeleteOnStaleGet;
  /**
   * {@link LRUCache.OptionsBase.allowStaleOnFetchAbort}
   */
  allowStaleOnFetchAbort;
  /**
   * {@link LRUCache.OptionsBase.allowStaleOnFetchRejection}
   */
  allowStaleOnFetchRejection;
  /**
   * {@link LRUCache.OptionsBase.ignoreFetchAbort}
   */
  ignoreFetchAbort;
  // computed properties
  #size;
  #calculatedSize;
  #keyMap;
  #keyList;
  #valList;
  #next;
  #prev;
  #head;
  #tail;
  #free;
  #disposed;
  #sizes;
  #starts;
  #ttls;
  #hasDispose;
  #hasFetchMethod;
  #hasDisposeAfter;
  /**
   * Do not call this method unless you need to inspect the
   * inner workings of the cache.  If anything returned by this
   * object is modified in any way, strange breakage may occur.
   *
   * These fields are private for a reason!
   *
   * @internal
   */
  static unsafeExposeInternals(c) {
    return {
      // properties
      starts: c.#starts,
      ttls: c.#ttls,
      sizes: c.#sizes,
      keyMap: c.#keyMap,
      keyList: c.#keyList,
      valList: c.#valList,
      next: c.#next,
      prev: c.#prev,
      get head() {
        return c.#head;
      },
      get tail() {
        return c.#tail;
      },
      free: c.#free,
      // methods
      isBackgroundFetch: (p) => c.#isBackgroundFetch(p),
      backgroundFetch: (k, index, options, context) => c.#backgroundFetch(k, index, options, context),
      moveToTail: (index) => c.#moveToTail(index),
      indexes: (options) => c.#indexes(options),
      rindexes: (options) => c.#rindexes(options),
      isStale: (index) => c.#isStale(index)
    };
  }
  // Protected read-only members
  /**
   * {@link LRUCache.OptionsBase.max} (read-only)
   */
  get max() {
    return this.#max;
  }
  /**
   * {@link LRUCache.OptionsBase.maxSize} (read-only)
   */
  get maxSize() {
    return this.#maxSize;
  }
  /**
   * The total computed size of items in the cache (read-only)
   */
  get calculatedSize() {
    return this.#calculatedSize;
  }
  /**
   * The number of items stored in the cache (read-only)
   */
  get size() {
    return this.#size;
  }
  /**
   * {@link LRUCache.OptionsBase.fetchMethod} (read-only)
   */
  get fetchMethod() {
    return this.#fetchMethod;
  }
  get memoMethod() {
    return this.#memoMethod;
  }
  /**
   * {@link LRUCache.OptionsBase.dispose} (read-only)
   */
  get dispose() {
    return this.#dispose;
  }
  /**
   * {@link LRUCache.OptionsBase.disposeAfter} (read-only)
   */
  get disposeAfter() {
    return this.#disposeAfter;
  }
  constructor(options) {
    const { max = 0, ttl, ttlResolution = 1, ttlAutopurge, updateAgeOnGet, updateAgeOnHas, allowStale, dispose, disposeAfter, noDisposeOnSet, noUpdateTTL, maxSize = 0, maxEntrySize = 0, sizeCalculation, fetchMethod, memoMethod, noDeleteOnFetchRejection, noDeleteOnStaleGet, allowStaleOnFetchRejection, allowStaleOnFetchAbort, ignoreFetchAbort } = options;
    if (max !== 0 && !isPosInt(max)) {
      throw new TypeError("max option must be a nonnegative integer");
    }
    const UintArray = max ? getUintArray(max) : Array;
    if (!UintArray) {
      throw new Error("invalid max value: " + max);
    }
    this.#max = max;
    this.#maxSize = maxSize;
    this.maxEntrySize = maxEntrySize || this.#maxSize;
    this.sizeCalculation = sizeCalculation;
    if (this.sizeCalculation) {
      if (!this.#maxSize && !this.maxEntrySize) {
        throw new TypeError("cannot set sizeCalculation without setting maxSize or maxEntrySize");
      }
      if (typeof this.sizeCalculation !== "function") {
        throw new TypeError("sizeCalculation set to non-function");
      }
    }
    if (memoMethod !== void 0 && typeof memoMethod !== "function") {
      throw new TypeError("memoMethod must be a function if defined");
    }
    this.#memoMethod = memoMethod;
    if (fetchMethod !== void 0 && typeof fetchMethod !== "function") {
      throw new TypeError("fetchMethod must be a function if specified");
    }
    this.#fetchMethod = fetchMethod;
    this.#hasFetchMethod = !!fetchMethod;
    this.#keyMap = /* @__PURE__ */ new Map();
    this.#keyList = new Array(max).fill(void 0);
    this.#valList = new Array(max).fill(void 0);
    this.#next = new UintArray(max);
    this.#prev = new UintArray(max);
    this.#head = 0;
    this.#tail = 0;
    this.#free = Stack.create(max);
    this.#size = 0;
    this.#calculatedSize = 0;
    if (typeof dispose === "function") {
      this.#dispose = dispose;
    }
    if (typeof disposeAfter === "function") {
      this.#disposeAfter = disposeAfter;
      this.#disposed = [];
    } else {
      this.#disposeAfter = void 0;
      this.#disposed = void 0;
    }
    this.#hasDispose = !!this.#dispose;
    this.#hasDisposeAfter = !!this.#disposeAfter;
    this.noDisposeOnSet = !!noDisposeOnSet;
    this.noUpdateTTL = !!noUpdateTTL;
    this.noDeleteOnFetchRejection = !!noDeleteOnFetchRejection;
    this.allowStaleOnFetchRejection = !!allowStaleOnFetchRejection;
    this.allowStaleOnFetchAbort = !!allowStaleOnFetchAbort;
    this.ignoreFetchAbort = !!ignoreFetchAbort;
    if (this.maxEntrySize !== 0) {
      if (this.#maxSize !== 0) {
        if (!isPosInt(this.#maxSize)) {
          throw new TypeError("maxSize must be a positive integer if specified");
        }
      }
      if (!isPosInt(this.maxEntrySize)) {
        throw new TypeError("maxEntrySize must be a positive integer if specified");
      }
      this.#initializeSizeTracking();
    }
    this.allowStale = !!allowStale;
    this.noDeleteOnStaleGet = !!noDeleteOnStaleGet;
    this.updateAgeOnGet = !!updateAgeOnGet;
    this.updateAgeOnHas = !!updateAgeOnHas;
    this.ttlResolution = isPosInt(ttlResolution) || ttlResolution === 0 ? ttlResolution : 1;
    this.ttlAutopurge = !!ttlAutopurge;
    this.ttl = ttl || 0;
    if (this.ttl) {
      if (!isPosInt(this.ttl)) {
        throw new TypeError("ttl must be a positive integer if specified");
      }
      this.#initializeTTLTracking();
    }
    if (this.#max === 0 && this.ttl === 0 && this.#maxSize === 0) {
      throw new TypeError("At least one of max, maxSize, or ttl is required");
    }
    if (!this.ttlAutopurge && !this.#max && !this.#maxSize) {
      const code = "LRU_CACHE_UNBOUNDED";
      if (shouldWarn(code)) {
        warned.add(code);
        const msg = "TTL caching without ttlAutopurge, max, or maxSize can result in unbounded memory consumption.";
        emitWarning(msg, "UnboundedCacheWarning", code, _LRUCache);
      }
    }
  }
  /**
   * Return the number of ms left in the item's TTL. If item is not in cache,
   * returns `0`. Returns `Infinity` if item is in cache without a defined TTL.
   */
  getRemainingTTL(key) {
    return this.#keyMap.has(key) ? Infinity : 0;
  }
  #initializeTTLTracking() {
    const ttls = new ZeroArray(this.#max);
    const starts = new ZeroArray(this.#max);
    this.#ttls = ttls;
    this.#starts = starts;
    this.#setItemTTL = (index, ttl, start2 = perf.now()) => {
      starts[index] = ttl !== 0 ? start2 : 0;
      ttls[index] = ttl;
      if (ttl !== 0 && this.ttlAutopurge) {
        const t = setTimeout(() => {
          if (this.#isStale(index)) {
            this.#delete(this.#keyList[index], "expire");
          }
        }, ttl + 1);
        if (t.unref) {
          t.unref();
        }
      }
    };
    this.#updateItemAge = (index) => {
      starts[index] = ttls[index] !== 0 ? perf.now() : 0;
    };
    this.#statusTTL = (status, index) => {
      if (ttls[index]) {
        const ttl = ttls[index];
        const start2 = starts[index];
        if (!ttl || !start2)
          return;
        status.ttl = ttl;
        status.start = start2;
        status.now = cachedNow || getNow();
        const age = status.now - start2;
        status.remainingTTL = ttl - age;
      }
    };
    let cachedNow = 0;
    const getNow = () => {
      const n = perf.now();
      if (this.ttlResolution > 0) {
        cachedNow = n;
        const t = setTimeout(() => cachedNow = 0, this.ttlResolution);
        if (t.unref) {
          t.unref();
        }
      }
      return n;
    };
    this.getRemainingTTL = (key) => {
      const index = this.#keyMap.get(key);
      if (index === void 0) {
        return 0;
      }
      const ttl = ttls[index];
      const start2 = starts[index];
      if (!ttl || !start2) {
        return Infinity;
      }
      const age = (cachedNow || getNow()) - start2;
      return ttl - age;
    };
    this.#isStale = (index) => {
      const s = starts[index];
      const t = ttls[index];
      return !!t && !!s && (cachedNow || getNow()) - s > t;
    };
  }
  // conditionally set private methods related to TTL
  #updateItemAge = () => {
  };
  #statusTTL = () => {
  };
  #setItemTTL = () => {
  };
  /* c8 ignore stop */
  #isStale = () => false;
  #initializeSizeTracking() {
    const sizes = new ZeroArray(this.#max);
    this.#calculatedSize = 0;
    this.#sizes = sizes;
    this.#removeItemSize = (index) => {
      this.#calculatedSize -= sizes[index];
      sizes[index] = 0;
    };
    this.#requireSize = (k, v, size, sizeCalculation) => {
      if (this.#isBackgroundFetch(v)) {
        return 0;
      }
      if (!isPosInt(size)) {
        if (sizeCalculation) {
          if (typeof sizeCalculation !== "function") {
            throw new TypeError("sizeCalculation must be a function");
          }
          size = sizeCalculation(v, k);
          if (!isPosInt(size)) {
            throw new TypeError("sizeCalculation return invalid (expect positive integer)");
          }
        } else {
          throw new TypeError("invalid size value (must be positive integer). When maxSize or maxEntrySize is used, sizeCalculation or size must be set.");
        }
      }
      return size;
    };
    this.#addItemSize = (index, size, status) => {
      sizes[index] = size;
      if (this.#maxSize) {
        const maxSize = this.#maxSize - sizes[index];
        while (this.#calculatedSize > maxSize) {
          this.#evict(true);
        }
      }
      this.#calculatedSize += sizes[index];
      if (status) {
        status.entrySize = size;
        status.totalCalculatedSize = this.#calculatedSize;
      }
    };
  }
  #removeItemSize = (_i) => {
  };
  #addItemSize = (_i, _s, _st) => {
  };
  #requireSize = (_k, _v, size, sizeCalculation) => {
    if (size || sizeCalculation) {
      throw new TypeError("cannot set size without setting maxSize or maxEntrySize on cache");
    }
    return 0;
  };
  *#indexes({ allowStale = this.allowStale } = {}) {
    if (this.#size) {
      for (let i = this.#tail; true; ) {
        if (!this.#isValidIndex(i)) {
          break;
        }
        if (allowStale || !this.#isStale(i)) {
          yield i;
        }
        if (i === this.#head) {
          break;
        } else {
          i = this.#prev[i];
        }
      }
    }
  }
  *#rindexes({ allowStale = this.allowStale } = {}) {
    if (this.#size) {
      for (let i = this.#head; true; ) {
        if (!this.#isValidIndex(i)) {
          break;
        }
        if (allowStale || !this.#isStale(i)) {
          yield i;
        }
        if (i === this.#tail) {
          break;
        } else {
          i = this.#next[i];
        }
      }
    }
  }
  #isValidIndex(index) {
    return index !== void 0 && this.#keyMap.get(this.#keyList[index]) === index;
  }
  /**
   * Return a generator yielding `[key, value]` pairs,
   * in order from most recently used to least recently used.
   */
  *entries() {
    for (const i of this.#indexes()) {
      if (this.#valList[i] !== void 0 && this.#keyList[i] !== void 0 && !this.#isBackgroundFetch(this.#valList[i])) {
        yield [this.#keyList[i], this.#valList[i]];
      }
    }
  }
  /**
   * Inverse order version of {@link LRUCache.entries}
   *
   * Return a generator yielding `[key, value]` pairs,
   * in order from least recently used to most recently used.
   */
  *rentries() {
    for (const i of this.#rindexes()) {
      if (this.#valList[i] !== void 0 && this.#keyList[i] !== void 0 && !this.#isBackgroundFetch(this.#valList[i])) {
        yield [this.#keyList[i], this.#valList[i]];
      }
    }
  }
  /**
   * Return a generator yielding the keys in the cache,
   * in order from most recently used to least recently used.
   */
  *keys() {
    for (const i of this.#indexes()) {
      const k = this.#keyList[i];
      if (k !== void 0 && !this.#isBackgroundFetch(this.#valList[i])) {
        yield k;
      }
    }
  }
  /**
   * Inverse order version of {@link LRUCache.keys}
   *
   * Return a generator yielding the keys in the cache,
   * in order from least recently used to most recently used.
   */
  *rkeys() {
    for (const i of this.#rindexes()) {
      const k = this.#keyList[i];
      if (k !== void 0 && !this.#isBackgroundFetch(this.#valList[i])) {
        yield k;
      }
    }
  }
  /**
   * Return a generator yielding the values in the cache,
   * in order from most recently used to least recently used.
   */
  *values() {
    for (const i of this.#indexes()) {
      const v = this.#valList[i];
      if (v !== void 0 && !this.#isBackgroundFetch(this.#valList[i])) {
        yield this.#valList[i];
      }
    }
  }
  /**
   * Inverse order version of {@link LRUCache.values}
   *
   * Return a generator yielding the values in the cache,
   * in order from least recently used to most recently used.
   */
  *rvalues() {
    for (const i of this.#rindexes()) {
      const v = this.#valList[i];
      if (v !== void 0 && !this.#isBackgroundFetch(this.#valList[i])) {
        yield this.#valList[i];
      }
    }
  }
  /**
   * Iterating over the cache itself yields the same results as
   * {@link LRUCache.entries}
   */
  [Symbol.iterator]() {
    return this.entries();
  }
  /**
   * A String value that is used in the creation of the default string
   * description of an object. Called by the built-in method
   * `Object.prototype.toString`.
   */
  [Symbol.toStringTag] = "LRUCache";
  /**
   * Find a value for which the supplied fn method returns a truthy value,
   * similar to `Array.find()`. fn is called as `fn(value, key, cache)`.
   */
  find(fn, getOptions = {}) {
    for (const i of this.#indexes()) {
      const v = this.#valList[i];
      const value = this.#isBackgroundFetch(v) ? v.__staleWhileFetching : v;
      if (value === void 0)
        continue;
      if (fn(value, this.#keyList[i], this)) {
        return this.get(this.#keyList[i], getOptions);
      }
    }
  }
  /**
   * Call the supplied function on each item in the cache, in order from most
   * recently used to least recently used.
   *
   * `fn` is called as `fn(value, key, cache)`.
   *
   * If `thisp` is provided, function will be called in the `this`-context of
   * the provided object, or the cache if no `thisp` object is provided.
   *
   * Does not update age or recenty of use, or iterate over stale values.
   */
  forEach(fn, thisp = this) {
    for (const i of this.#indexes()) {
      const v = this.#valList[i];
      const value = this.#isBackgroundFetch(v) ? v.__staleWhileFetching : v;
      if (value === void 0)
        continue;
      fn.call(thisp, value, this.#keyList[i], this);
    }
  }
  /**
   * The same as {@link LRUCache.forEach} but items are iterated over in
   * reverse order.  (ie, less recently used items are iterated over first.)
   */
  rforEach(fn, thisp = this) {
    for (const i of this.#rindexes()) {
      const v = this.#valList[i];
      const value = this.#isBackgroundFetch(v) ? v.__staleWhileFetching : v;
      if (value === void 0)
        continue;
      fn.call(thisp, value, this.#keyList[i], this);
    }
  }
  /**
   * Delete any stale entries. Returns true if anything was removed,
   * false otherwise.
   */
  purgeStale() {
    let deleted = false;
    for (const i of this.#rindexes({ allowStale: true })) {
      if (this.#isStale(i)) {
        this.#delete(this.#keyList[i], "expire");
        deleted = true;
      }
    }
    return deleted;
  }
  /**
   * Get the extended info about a given entry, to get its value, size, and
   * TTL info simultaneously. Returns `undefined` if the key is not present.
   *
   * Unlike {@link LRUCache#dump}, which is designed to be portable and survive
   * serialization, the `start` value is always the current timestamp, and the
   * `ttl` is a calculated remaining time to live (negative if expired).
   *
   * Always returns stale values, if their info is found in the cache, so be
   * sure to check for expirations (ie, a negative {@link LRUCache.Entry#ttl})
   * if relevant.
   */
  info(key) {
    const i = this.#keyMap.get(key);
    if (i === void 0)
      return void 0;
    const v = this.#valList[i];
    const value = this.#isBackgroundFetch(v) ? v.__staleWhileFetching : v;
    if (value === void 0)
      return void 0;
    const entry2 = { value };
    if (this.#ttls && this.#starts) {
      const ttl = this.#ttls[i];
      const start2 = this.#starts[i];
      if (ttl && start2) {
        const remain = ttl - (perf.now() - start2);
        entry2.ttl = remain;
        entry2.start = Date.now();
      }
    }
    if (this.#sizes) {
      entry2.size = this.#sizes[i];
    }
    return entry2;
  }
  /**
   * Return an array of [key, {@link LRUCache.Entry}] tuples which can be
   * passed to {@link LRUCache#load}.
   *
   * The `start` fields are calculated relative to a portable `Date.now()`
   * timestamp, even if `performance.now()` is available.
   *
   * Stale entries are always included in the `dump`, even if
   * {@link LRUCache.OptionsBase.allowStale} is false.
   *
   * Note: this returns an actual array, not a generator, so it can be more
   * easily passed around.
   */
  dump() {
    const arr = [];
    for (const i of this.#indexes({ allowStale: true })) {
      const key = this.#keyList[i];
      const v = this.#valList[i];
      const value = this.#isBackgroundFetch(v) ? v.__staleWhileFetching : v;
      if (value === void 0 || key === void 0)
        continue;
      const entry2 = { value };
      if (this.#ttls && this.#starts) {
        entry2.ttl = this.#ttls[i];
        const age = perf.now() - this.#starts[i];
        entry2.start = Math.floor(Date.now() - age);
      }
      if (this.#sizes) {
        entry2.size = this.#sizes[i];
      }
      arr.unshift([key, entry2]);
    }
    return arr;
  }
  /**
   * Reset the cache and load in the items in entries in the order listed.
   *
   * The shape of the resulting cache may be different if the same options are
   * not used in both caches.
   *
   * The `start` fields are assumed to be calculated relative to a portable
   * `Date.now()` timestamp, even if `performance.now()` is available.
   */
  load(arr) {
    this.clear();
    for (const [key, entry2] of arr) {
      if (entry2.start) {
        const age = Date.now() - entry2.start;
        entry2.start = perf.now() - age;
      }
      this.set(key, entry2.value, entry2);
    }
  }
  /**
   * Add a value to the cache.
   *
   * Note: if `undefined` is specified as a value, this is an alias for
   * {@link LRUCache#delete}
   *
   * Fields on the {@link LRUCache.SetOptions} options param will override
   * their corresponding values in the constructor options for the scope
   * of this single `set()` operation.
   *
   * If `start` is provided, then that will set the effective start
   * time for the TTL calculation. Note that this must be a previous
   * value of `performance.now()` if supported, or a previous value of
   * `Date.now()` if not.
   *
   * Options object may also include `size`, which will prevent
   * calling the `sizeCalculation` function and just use the specified
   * number if it is a positive integer, and `noDisposeOnSet` which
   * will prevent calling a `dispose` function in the case of
   * overwrites.
   *
   * If the `size` (or return value of `sizeCalculation`) for a given
   * entry is greater than `maxEntrySize`, then the item will not be
   * added to the cache.
   *
   * Will update the recency of the entry.
   *
   * If the value is `undefined`, then this is an alias for
   * `cache.delete(key)`. `undefined` is never stored in the cache.
   */
  set(k, v, setOptions = {}) {
    if (v === void 0) {
      this.delete(k);
      return this;
    }
    const { ttl = this.ttl, start: start2, noDisposeOnSet = this.noDisposeOnSet, sizeCalculation = this.sizeCalculation, status } = setOptions;
    let { noUpdateTTL = this.noUpdateTTL } = setOptions;
    const size = this.#requireSize(k, v, setOptions.size || 0, sizeCalculation);
    if (this.maxEntrySize && size > this.maxEntrySize) {
      if (status) {
        status.set = "miss";
        status.maxEntrySizeExceeded = true;
      }
      this.#delete(k, "set");
      return this;
    }
    let index = this.#size === 0 ? void 0 : this.#keyMap.get(k);
    if (index === void 0) {
      index = this.#size === 0 ? this.#tail : this.#free.length !== 0 ? this.#free.pop() : this.#size === this.#max ? this.#evict(false) : this.#size;
      this.#keyList[index] = k;
      this.#valList[index] = v;
      this.#keyMap.set(k, index);
      this.#next[this.#tail] = index;
      this.#prev[index] = this.#tail;
      this.#tail = index;
      this.#size++;
      this.#addItemSize(index, size, status);
      if (status)
        status.set = "add";
      noUpdateTTL = false;
    } else {
      this.#moveToTail(index);
      const oldVal = this.#valList[index];
      if (v !== oldVal) {
        if (this.#hasFetchMethod && this.#isBackgroundFetch(oldVal)) {
          oldVal.__abortController.abort(new Error("replaced"));
          const { __staleWhileFetching: s } = oldVal;
          if (s !== void 0 && !noDisposeOnSet) {
            if (this.#hasDispose) {
              this.#dispose?.(s, k, "set");
            }
            if (this.#hasDisposeAfter) {
              this.#disposed?.push([s, k, "set"]);
            }
          }
        } else if (!noDisposeOnSet) {
          if (this.#hasDispose) {
            this.#dispose?.(oldVal, k, "set");
          }
          if (this.#hasDisposeAfter) {
            this.#disposed?.push([oldVal, k, "set"]);
          }
        }
        this.#removeItemSize(index);
        this.#addItemSize(index, size, status);
        this.#valList[index] = v;
        if (status) {
          status.set = "replace";
          const oldValue = oldVal && this.#isBackgroundFetch(oldVal) ? oldVal.__staleWhileFetching : oldVal;
          if (oldValue !== void 0)
            status.oldValue = oldValue;
        }
      } else if (status) {
        status.set = "update";
      }
    }
    if (ttl !== 0 && !this.#ttls) {
      this.#initializeTTLTracking();
    }
    if (this.#ttls) {
      if (!noUpdateTTL) {
        this.#setItemTTL(index, ttl, start2);
      }
      if (status)
        this.#statusTTL(status, index);
    }
    if (!noDisposeOnSet && this.#hasDisposeAfter && this.#disposed) {
      const dt = this.#disposed;
      let task;
      while (task = dt?.shift()) {
        this.#disposeAfter?.(...task);
      }
    }
    return this;
  }
  /**
   * Evict the least recently used item, returning its value or
   * `undefined` if cache is empty.
   */
  pop() {
    try {
      while (this.#size) {
        const val = this.#valList[this.#head];
        this.#evict(true);
        if (this.#isBackgroundFetch(val)) {
          if (val.__staleWhileFetching) {
            return val.__staleWhileFetching;
          }
        } else if (val !== void 0) {
          return val;
        }
      }
    } finally {
      if (this.#hasDisposeAfter && this.#disposed) {
        const dt = this.#disposed;
        let task;
        while (task = dt?.shift()) {
          this.#disposeAfter?.(...task);
        }
      }
    }
  }
  #evict(free) {
    const head = this.#head;
    const k = this.#keyList[head];
    const v = this.#valList[head];
    if (this.#hasFetchMethod && this.#isBackgroundFetch(v)) {
      v.__abortController.abort(new Error("evicted"));
    } else if (this.#hasDispose || this.#hasDisposeAfter) {
      if (this.#hasDispose) {
        this.#dispose?.(v, k, "evict");
      }
      if (this.#hasDisposeAfter) {
        this.#disposed?.push([v, k, "evict"]);
      }
    }
    this.#removeItemSize(head);
    if (free) {
      this.#keyList[head] = void 0;
      this.#valList[head] = void 0;
      this.#free.push(head);
    }
    if (this.#size === 1) {
      this.#head = this.#tail = 0;
      this.#free.length = 0;
    } else {
      this.#head = this.#next[head];
    }
    this.#keyMap.delete(k);
    this.#size--;
    return head;
  }
  /**
   * Check if a key is in the cache, without updating the recency of use.
   * Will return false if the item is stale, even though it is technically
   * in the cache.
   *
   * Check if a key is in the cache, without updating the recency of
   * use. Age is updated if {@link LRUCache.OptionsBase.updateAgeOnHas} is set
   * to `true` in either the options or the constructor.
   *
   * Will return `false` if the item is stale, even though it is technically in
   * the cache. The difference can be determined (if it matters) by using a
   * `status` argument, and inspecting the `has` field.
   *
   * Will not update item age unless
   * {@link LRUCache.OptionsBase.updateAgeOnHas} is set.
   */
  has(k, hasOptions = {}) {
    const { updateAgeOnHas = this.updateAgeOnHas, status } = hasOptions;
    const index = this.#keyMap.get(k);
    if (index !== void 0) {
      const v = this.#valList[index];
      if (this.#isBackgroundFetch(v) && v.__staleWhileFetching === void 0) {
        return false;
      }
      if (!this.#isStale(index)) {
        if (updateAgeOnHas) {
          this.#updateItemAge(index);
        }
        if (status) {
          status.has = "hit";
          this.#statusTTL(status, index);
        }
        return true;
      } else if (status) {
        status.has = "stale";
        this.#statusTTL(status, index);
      }
    } else if (status) {
      status.has = "miss";
    }
    return false;
  }
  /**
   * Like {@link LRUCache#get} but doesn't update recency or delete stale
   * items.
   *
   * Returns `undefined` if the item is stale, unless
   * {@link LRUCache.OptionsBase.allowStale} is set.
   */
  peek(k, peekOptions = {}) {
    const { allowStale = this.allowStale } = peekOptions;
    const index = this.#keyMap.get(k);
    if (index === void 0 || !allowStale && this.#isStale(index)) {
      return;
    }
    const v = this.#valList[index];
    return this.#isBackgroundFetch(v) ? v.__staleWhileFetching : v;
  }
  #backgroundFetch(k, index, options, context) {
    const v = index === void 0 ? void 0 : this.#valList[index];
    if (this.#isBackgroundFetch(v)) {
      return v;
    }
    const ac = new AC();
    const { signal } = options;
    signal?.addEventListener("abort", () => ac.abort(signal.reason), {
      signal: ac.signal
    });
    const fetchOpts = {
      signal: ac.signal,
      options,
      context
    };
    const cb = (v2, updateCache = false) => {
      const { aborted } = ac.signal;
      const ignoreAbort = options.ignoreFetchAbort && v2 !== void 0;
      if (options.status) {
        if (aborted && !updateCache) {
          options.status.fetchAborted = true;
          options.status.fetchError = ac.signal.reason;
          if (ignoreAbort)
            options.status.fetchAbortIgnored = true;
        } else {
          options.status.fetchResolved = true;
        }
      }
      if (aborted && !ignoreAbort && !updateCache) {
        return fetchFail(ac.signal.reason);
      }
      const bf2 = p;
      if (this.#valList[index] === p) {
        if (v2 === void 0) {
          if (bf2.__staleWhileFetching) {
            this.#valList[index] = bf2.__staleWhileFetching;
          } else {
            this.#delete(k, "fetch");
          }
        } else {
          if (options.status)
            options.status.fetchUpdated = true;
          this.set(k, v2, fetchOpts.options);
        }
      }
      return v2;
    };
    const eb = (er) => {
      if (options.status) {
        options.status.fetchRejected = true;
        options.status.fetchError = er;
      }
      return fetchFail(er);
    };
    const fetchFail = (er) => {
      const { aborted } = ac.signal;
      const allowStaleAborted = aborted && options.allowStaleOnFetchAbort;
      const allowStale = allowStaleAborted || options.allowStaleOnFetchRejection;
      const noDelete = allowStale || options.noDeleteOnFetchRejection;
      const bf2 = p;
      if (this.#valList[index] === p) {
        const del = !noDelete || bf2.__staleWhileFetching === void 0;
        if (del) {
          this.#delete(k, "fetch");
        } else if (!allowStaleAborted) {
          this.#valList[index] = bf2.__staleWhileFetching;
        }
      }
      if (allowStale) {
        if (options.status && bf2.__staleWhileFetching !== void 0) {
          options.status.returnedStale = true;
        }
        return bf2.__staleWhileFetching;
      } else if (bf2.__returned === bf2) {
        throw er;
      }
    };
    const pcall = (res, rej) => {
      const fmp = this.#fetchMethod?.(k, v, fetchOpts);
      if (fmp && fmp instanceof Promise) {
        fmp.then((v2) => res(v2 === void 0 ? void 0 : v2), rej);
      }
      ac.signal.addEventListener("abort", () => {
        if (!options.ignoreFetchAbort || options.allowStaleOnFetchAbort) {
          res(void 0);
          if (options.allowStaleOnFetchAbort) {
            res = (v2) => cb(v2, true);
          }
        }
      });
    };
    if (options.status)
      options.status.fetchDispatched = true;
    const p = new Promise(pcall).then(cb, eb);
    const bf = Object.assign(p, {
      __abortController: ac,
      __staleWhileFetching: v,
      __returned: void 0
    });
    if (index === void 0) {
      this.set(k, bf, { ...fetchOpts.options, status: void 0 });
      index = this.#keyMap.get(k);
    } else {
      this.#valList[index] = bf;
    }
    return bf;
  }
  #isBackgroundFetch(p) {
    if (!this.#hasFetchMethod)
      return false;
    const b = p;
    return !!b && b instanceof Promise && b.hasOwnProperty("__staleWhileFetching") && b.__abortController instanceof AC;
  }
  async fetch(k, fetchOptions = {}) {
    const {
      // get options
      allowStale = this.allowStale,
      updateAgeOnGet = this.updateAgeOnGet,
      noDeleteOnStaleGet = this.noDeleteOnStaleGet,
      // set options
      ttl = this.ttl,
      noDisposeOnSet = this.noDisposeOnSet,
      size = 0,
      sizeCalculation = this.sizeCalculation,
      noUpdateTTL = this.noUpdateTTL,
      // fetch exclusive options
      noDeleteOnFetchRejection = this.noDeleteOnFetchRejection,
      allowStaleOnFetchRejection = this.allowStaleOnFetchRejection,
      ignoreFetchAbort = this.ignoreFetchAbort,
      allowStaleOnFetchAbort = this.allowStaleOnFetchAbort,
      context,
      forceRefresh = false,
      status,
      signal
    } = fetchOptions;
    if (!this.#hasFetchMethod) {
      if (status)
        status.fetch = "get";
      return this.get(k, {
        allowStale,
        updateAgeOnGet,
        noDeleteOnStaleGet,
        status
      });
    }
    const options = {
      allowStale,
      updateAgeOnGet,
      noDeleteOnStaleGet,
      ttl,
      noDisposeOnSet,
      size,
      sizeCalculation,
      noUpdateTTL,
      noDeleteOnFetchRejection,
      allowStaleOnFetchRejection,
      allowStaleOnFetchAbort,
      ignoreFetchAbort,
      status,
      signal
    };
    let index = this.#keyMap.get(k);
    if (index === void 0) {
      if (status)
        status.fetch = "miss";
      const p = this.#backgroundFetch(k, index, options, context);
      return p.__returned = p;
    } else {
      const v = this.#valList[index];
      if (this.#isBackgroundFetch(v)) {
        const stale = allowStale && v.__staleWhileFetching !== void 0;
        if (status) {
          status.fetch = "inflight";
          if (stale)
            status.returnedStale = true;
        }
        return stale ? v.__staleWhileFetching : v.__returned = v;
      }
      const isStale = this.#isStale(index);
      if (!forceRefresh && !isStale) {
        if (status)
          status.fetch = "hit";
        this.#moveToTail(index);
        if (updateAgeOnGet) {
          this.#updateItemAge(index);
        }
        if (status)
          this.#statusTTL(status, index);
        return v;
      }
      const p = this.#backgroundFetch(k, index, options, context);
      const hasStale = p.__staleWhileFetching !== void 0;
      const staleVal = hasStale && allowStale;
      if (status) {
        status.fetch = isStale ? "stale" : "refresh";
        if (staleVal && isStale)
          status.returnedStale = true;
      }
      return staleVal ? p.__staleWhileFetching : p.__returned = p;
    }
  }
  async forceFetch(k, fetchOptions = {}) {
    const v = await this.fetch(k, fetchOptions);
    if (v === void 0)
      throw new Error("fetch() returned undefined");
    return v;
  }
  memo(k, memoOptions = {}) {
    const memoMethod = this.#memoMethod;
    if (!memoMethod) {
      throw new Error("no memoMethod provided to constructor");
    }
    const { context, forceRefresh, ...options } = memoOptions;
    const v = this.get(k, options);
    if (!forceRefresh && v !== void 0)
      return v;
    const vv = memoMethod(k, v, {
      options,
      context
    });
    this.set(k, vv, options);
    return vv;
  }
  /**
   * Return a value from the cache. Will update the recency of the cache
   * entry found.
   *
   * If the key is not found, get() will return `undefined`.
   */
  get(k, getOptions = {}) {
    const { allowStale = this.allowStale, updateAgeOnGet = this.updateAgeOnGet, noDeleteOnStaleGet = this.noDeleteOnStaleGet, status } = getOptions;
    const index = this.#keyMap.get(k);
    if (index !== void 0) {
      const value = this.#valList[index];
      const fetching = this.#isBackgroundFetch(value);
      if (status)
        this.#statusTTL(status, index);
      if (this.#isStale(index)) {
        if (status)
          status.get = "stale";
        if (!fetching) {
          if (!noDeleteOnStaleGet) {
            this.#delete(k, "expire");
          }
          if (status && allowStale)
            status.returnedStale = true;
          return allowStale ? value : void 0;
        } else {
          if (status && allowStale && value.__staleWhileFetching !== void 0) {
            status.returnedStale = true;
          }
          return allowStale ? value.__staleWhileFetching : void 0;
        }
      } else {
        if (status)
          status.get = "hit";
        if (fetching) {
          return value.__staleWhileFetching;
        }
        this.#moveToTail(index);
        if (updateAgeOnGet) {
          this.#updateItemAge(index);
        }
        return value;
      }
    } else if (status) {
      status.get = "miss";
    }
  }
  #connect(p, n) {
    this.#prev[n] = p;
    this.#next[p] = n;
  }
  #moveToTail(index) {
    if (index !== this.#tail) {
      if (index === this.#head) {
        this.#head = this.#next[index];
      } else {
        this.#connect(this.#prev[index], this.#next[index]);
      }
      this.#connect(this.#tail, index);
      this.#tail = index;
    }
  }
  /**
   * Deletes a key out of the cache.
   *
   * Returns true if the key was deleted, false otherwise.
   */
  delete(k) {
    return this.#delete(k, "delete");
  }
  #delete(k, reason) {
    let deleted = false;
    if (this.#size !== 0) {
      const index = this.#keyMap.get(k);
      if (index !== void 0) {
        deleted = true;
        if (this.#size === 1) {
          this.#clear(reason);
        } else {
          this.#removeItemSize(index);
          const v = this.#valList[index];
          if (this.#isBackgroundFetch(v)) {
            v.__abortController.abort(new Error("deleted"));
          } else if (this.#hasDispose || this.#hasDisposeAfter) {
            if (this.#hasDispose) {
              this.#dispose?.(v, k, reason);
            }
            if (this.#hasDisposeAfter) {
              this.#disposed?.push([v, k, reason]);
            }
          }
          this.#keyMap.delete(k);
          this.#keyList[index] = void 0;
          this.#valList[index] = void 0;
          if (index === this.#tail) {
            this.#tail = this.#prev[index];
          } else if (index === this.#head) {
            this.#head = this.#next[index];
          } else {
            const pi = this.#prev[index];
            this.#next[pi] = this.#next[index];
            const ni = this.#next[index];
            this.#prev[ni] = this.#prev[index];
          }
          this.#size--;
          this.#free.push(index);
        }
      }
    }
    if (this.#hasDisposeAfter && this.#disposed?.length) {
      const dt = this.#disposed;
      let task;
      while (task = dt?.shift()) {
        this.#disposeAfter?.(...task);
      }
    }
    return deleted;
  }
  /**
   * Clear the cache entirely, throwing away all values.
   */
  clear() {
    return this.#clear("delete");
  }
  #clear(reason) {
    for (const index of this.#rindexes({ allowStale: true })) {
      const v = this.#valList[index];
      if (this.#isBackgroundFetch(v)) {
        v.__abortController.abort(new Error("deleted"));
      } else {
        const k = this.#keyList[index];
        if (this.#hasDispose) {
          this.#dispose?.(v, k, reason);
        }
        if (this.#hasDisposeAfter) {
          this.#disposed?.push([v, k, reason]);
        }
      }
    }
    this.#keyMap.clear();
    this.#valList.fill(void 0);
    this.#keyList.fill(void 0);
    if (this.#ttls && this.#starts) {
      this.#ttls.fill(0);
      this.#starts.fill(0);
    }
    if (this.#sizes) {
      this.#sizes.fill(0);
    }
    this.#head = 0;
    this.#tail = 0;
    this.#free.length = 0;
    this.#calculatedSize = 0;
    this.#size = 0;
    if (this.#hasDisposeAfter && this.#disposed) {
      const dt = this.#disposed;
      let task;
      while (task = dt?.shift()) {
        this.#disposeAfter?.(...task);
      }
    }
  }
};

// node_modules/@ethereumjs/mpt/dist/esm/db/checkpointDB.js
var CheckpointDB = class _CheckpointDB {
  /**
   * Initialize a DB instance.
   */
  constructor(opts) {
    this._stats = {
      cache: {
        reads: 0,
        hits: 0,
        writes: 0
      },
      db: {
        reads: 0,
        hits: 0,
        writes: 0
      }
    };
    this.db = opts.db;
    this.cacheSize = opts.cacheSize ?? 0;
    this.valueEncoding = opts.valueEncoding ?? ValueEncoding.String;
    this.checkpoints = [];
    if (this.cacheSize > 0) {
      this._cache = new LRUCache({
        max: this.cacheSize,
        updateAgeOnGet: true
      });
    }
  }
  /**
   * Replace the checkpoint stack with a copy of the given checkpoints.
   *
   * @param checkpoints Checkpoints to adopt (maps are cloned)
   */
  setCheckpoints(checkpoints) {
    this.checkpoints = [];
    for (let i = 0; i < checkpoints.length; i++) {
      this.checkpoints.push({
        root: checkpoints[i].root,
        keyValueMap: new Map(checkpoints[i].keyValueMap)
      });
    }
  }
  /**
   * Is the DB during a checkpoint phase?
   */
  hasCheckpoints() {
    return this.checkpoints.length > 0;
  }
  /**
   * Push a new checkpoint onto the stack.
   *
   * @param root Trie root hash at this checkpoint boundary
   */
  checkpoint(root) {
    this.checkpoints.push({ keyValueMap: /* @__PURE__ */ new Map(), root });
  }
  /**
   * Commits the latest checkpoint
   */
  async commit() {
    const { keyValueMap } = this.checkpoints.pop();
    if (!this.hasCheckpoints()) {
      const batchOp = [];
      for (const [key, value] of keyValueMap.entries()) {
        if (value === void 0) {
          batchOp.push({
            type: "del",
            key: unprefixedHexToBytes(key)
          });
        } else {
          batchOp.push({
            type: "put",
            key: unprefixedHexToBytes(key),
            value
          });
        }
      }
      await this.batch(batchOp);
    } else {
      const currentKeyValueMap = this.checkpoints[this.checkpoints.length - 1].keyValueMap;
      for (const [key, value] of keyValueMap.entries()) {
        currentKeyValueMap.set(key, value);
      }
    }
  }
  /**
   * Reverts the latest checkpoint
   */
  async revert() {
    const { root } = this.checkpoints.pop();
    return root;
  }
  /**
   * @inheritDoc
   */
  async get(key) {
    const keyHex = bytesToUnprefixedHex(key);
    if (this.hasCheckpoints()) {
      for (let index = this.checkpoints.length - 1; index >= 0; index--) {
        if (this.checkpoints[index].keyValueMap.has(keyHex)) {
          return this.checkpoints[index].keyValueMap.get(keyHex);
        }
      }
    }
    if (this._cache !== void 0) {
      const value2 = this._cache.get(keyHex);
      this._stats.cache.reads += 1;
      if (value2 !== void 0) {
        this._stats.cache.hits += 1;
        return value2;
      }
    }
    const value = await this.db.get(keyHex, {
      keyEncoding: KeyEncoding.String,
      valueEncoding: this.valueEncoding
    });
    this._stats.db.reads += 1;
    if (value !== void 0) {
      this._stats.db.hits += 1;
    }
    const returnValue = value !== void 0 ? value instanceof Uint8Array ? value : unprefixedHexToBytes(value) : void 0;
    this._cache?.set(keyHex, returnValue);
    if (this.hasCheckpoints()) {
      this.checkpoints[this.checkpoints.length - 1].keyValueMap.set(keyHex, returnValue);
    }
    return returnValue;
  }
  /**
   * @inheritDoc
   */
  async put(key, value) {
    const keyHex = bytesToUnprefixedHex(key);
    if (this.hasCheckpoints()) {
      this.checkpoints[this.checkpoints.length - 1].keyValueMap.set(keyHex, value);
    } else {
      const valuePut = this.valueEncoding === ValueEncoding.Bytes ? value : bytesToUnprefixedHex(value);
      await this.db.put(keyHex, valuePut, {
        keyEncoding: KeyEncoding.String,
        valueEncoding: this.valueEncoding
      });
      this._stats.db.writes += 1;
      if (this._cache !== void 0) {
        this._cache.set(keyHex, value);
        this._stats.cache.writes += 1;
      }
    }
  }
  /**
   * @inheritDoc
   */
  async del(key) {
    const keyHex = bytesToUnprefixedHex(key);
    if (this.hasCheckpoints()) {
      this.checkpoints[this.checkpoints.length - 1].keyValueMap.set(keyHex, void 0);
    } else {
      await this.db.del(keyHex, {
        keyEncoding: KeyEncoding.String
      });
      this._stats.db.writes += 1;
      if (this._cache !== void 0) {
        this._cache.set(keyHex, void 0);
        this._stats.cache.writes += 1;
      }
    }
  }
  /**
   * @inheritDoc
   */
  async batch(opStack) {
    if (this.hasCheckpoints()) {
      for (const op of opStack) {
        if (op.type === "put") {
          await this.put(op.key, op.value);
        } else if (op.type === "del") {
          await this.del(op.key);
        }
      }
    } else {
      const convertedOps = opStack.map((op) => {
        const convertedOp = {
          key: bytesToUnprefixedHex(op.key),
          value: op.type === "put" ? op.value : void 0,
          type: op.type,
          opts: { ...op.opts, ...{ valueEncoding: this.valueEncoding } }
        };
        this._stats.db.writes += 1;
        if (op.type === "put" && this.valueEncoding === ValueEncoding.String) {
          convertedOp.value = bytesToUnprefixedHex(convertedOp.value);
        }
        return convertedOp;
      });
      await this.db.batch(convertedOps);
    }
  }
  stats(reset = true) {
    const stats = { ...this._stats, size: this._cache?.size ?? 0 };
    if (reset) {
      this._stats = {
        cache: {
          reads: 0,
          hits: 0,
          writes: 0
        },
        db: {
          reads: 0,
          hits: 0,
          writes: 0
        }
      };
    }
    return stats;
  }
  /**
   * @inheritDoc
   */
  shallowCopy() {
    return new _CheckpointDB({
      db: this.db,
      cacheSize: this.cacheSize,
      valueEncoding: this.valueEncoding
    });
  }
  open() {
    return Promise.resolve();
  }
};

// src/verify/silence.ts
var silent = Object.assign(() => void 0, { enabled: false, extend: () => silent });
function debug() {
  return silent;
}

// node_modules/@ethereumjs/mpt/dist/esm/node/branch.js
var BranchMPTNode = class _BranchMPTNode {
  constructor() {
    this._branches = new Array(16).fill(null);
    this._value = null;
  }
  static fromArray(arr) {
    const node = new _BranchMPTNode();
    node._branches = arr.slice(0, 16);
    node._value = arr[16];
    return node;
  }
  value(v) {
    if (v !== void 0) {
      this._value = v;
    }
    return this._value && this._value.length > 0 ? this._value : null;
  }
  setBranch(i, v) {
    this._branches[i] = v;
  }
  raw() {
    return [...this._branches, this._value];
  }
  serialize() {
    return RLP.encode(this.raw());
  }
  getBranch(i) {
    const b = this._branches[i];
    if (b !== null && b.length > 0) {
      return b;
    } else {
      return null;
    }
  }
  getChildren() {
    const children = [];
    for (let i = 0; i < 16; i++) {
      const b = this._branches[i];
      if (b !== null && b.length > 0) {
        children.push([i, b]);
      }
    }
    return children;
  }
};

// node_modules/@ethereumjs/mpt/dist/esm/util/hex.js
function addHexPrefix(key, terminator) {
  if (key.length % 2) {
    key.unshift(1);
  } else {
    key.unshift(0);
    key.unshift(0);
  }
  if (terminator) {
    key[0] += 2;
  }
  return key;
}
function removeHexPrefix(val) {
  if (val[0] % 2) {
    val = val.slice(1);
  } else {
    val = val.slice(2);
  }
  return val;
}
function isTerminator(key) {
  return key[0] > 1;
}

// node_modules/@ethereumjs/mpt/dist/esm/util/nibbles.js
function bytesToNibbles(key) {
  const nibbles = [];
  for (let i = 0; i < key.length; i++) {
    let q = i * 2;
    nibbles[q] = key[i] >> 4;
    ++q;
    nibbles[q] = key[i] % 16;
  }
  return nibbles;
}
function nibblesTypeToPackedBytes(arr) {
  const buf = new Uint8Array(arr.length / 2);
  for (let i = 0; i < buf.length; i++) {
    let q = i * 2;
    buf[i] = (arr[q] << 4) + arr[++q];
  }
  return buf;
}
function matchingNibbleLength(nib1, nib2) {
  let i = 0;
  while (nib1[i] === nib2[i] && nib1.length > i) {
    i++;
  }
  return i;
}

// node_modules/@ethereumjs/mpt/dist/esm/node/extensionOrLeafNodeBase.js
var ExtensionOrLeafMPTNodeBase = class {
  constructor(nibbles, value, isLeaf) {
    this._nibbles = nibbles;
    this._value = value;
    this._isLeaf = isLeaf;
  }
  static decodeKey(key) {
    return removeHexPrefix(key);
  }
  encodedKey() {
    return addHexPrefix(this._nibbles.slice(0), this._isLeaf);
  }
  key(k) {
    if (k !== void 0) {
      this._nibbles = k;
    }
    return this._nibbles.slice(0);
  }
  keyLength() {
    return this._nibbles.length;
  }
  value(v) {
    if (v !== void 0) {
      this._value = v;
    }
    return this._value;
  }
  raw() {
    return [nibblesTypeToPackedBytes(this.encodedKey()), this._value];
  }
  serialize() {
    return RLP.encode(this.raw());
  }
};

// node_modules/@ethereumjs/mpt/dist/esm/node/extension.js
var ExtensionMPTNode = class extends ExtensionOrLeafMPTNodeBase {
  constructor(nibbles, value) {
    super(nibbles, value, false);
  }
  raw() {
    return super.raw();
  }
};

// node_modules/@ethereumjs/mpt/dist/esm/node/leaf.js
var LeafMPTNode = class extends ExtensionOrLeafMPTNodeBase {
  constructor(nibbles, value) {
    super(nibbles, value, true);
  }
  raw() {
    return super.raw();
  }
};

// node_modules/@ethereumjs/mpt/dist/esm/node/util.js
function decodeRawMPTNode(raw) {
  if (raw.length === 17) {
    return BranchMPTNode.fromArray(raw);
  } else if (raw.length === 2) {
    const nibbles = bytesToNibbles(raw[0]);
    if (isTerminator(nibbles)) {
      return new LeafMPTNode(LeafMPTNode.decodeKey(nibbles), raw[1]);
    }
    return new ExtensionMPTNode(ExtensionMPTNode.decodeKey(nibbles), raw[1]);
  } else {
    throw EthereumJSErrorWithoutCode("Invalid node");
  }
}
function isRawMPTNode(n) {
  return Array.isArray(n) && !(n instanceof Uint8Array);
}
function decodeMPTNode(node) {
  const decodedNode = RLP.decode(Uint8Array.from(node));
  if (!isRawMPTNode(decodedNode)) {
    throw EthereumJSErrorWithoutCode("Invalid node");
  }
  return decodeRawMPTNode(decodedNode);
}

// node_modules/@ethereumjs/mpt/dist/esm/types.js
var ROOT_DB_KEY = utf8ToBytes("__root__");

// node_modules/@ethereumjs/mpt/dist/esm/util/asyncWalk.js
async function* _walkTrie(nodeHash, currentKey = [], onFound = async (_trieNode, _key) => {
}, filter = async (_trieNode, _key) => true, visited = /* @__PURE__ */ new Set()) {
  if (equalsBytes(nodeHash, this.EMPTY_TRIE_ROOT)) {
    return;
  }
  try {
    const nodeHashHex = bytesToHex4(nodeHash);
    if (visited.has(nodeHashHex)) {
      return;
    }
    const node = await this.lookupNode(nodeHash);
    visited.add(nodeHashHex);
    await onFound(node, currentKey);
    if (await filter(node, currentKey)) {
      yield { node, currentKey };
    }
    if (node instanceof BranchMPTNode) {
      for (const [nibble, childNode] of node.getChildren()) {
        const nextKey = [...currentKey, nibble];
        const _childNode = childNode instanceof Uint8Array ? childNode : this.hash(RLP.encode(childNode));
        yield* _walkTrie.call(this, _childNode, nextKey, onFound, filter, visited);
      }
    } else if (node instanceof ExtensionMPTNode) {
      const childNode = node.value();
      const nextKey = [...currentKey, ...node._nibbles];
      yield* _walkTrie.call(this, childNode, nextKey, onFound, filter, visited);
    }
  } catch (error) {
    if (error.message !== "Missing node in DB") {
      throw error;
    }
  }
}

// node_modules/@ethereumjs/mpt/dist/esm/util/walkController.js
var WalkController = class _WalkController {
  /**
   * @param onNode - The {@link FoundNodeFunction} to call when a node is found.
   * @param trie - The trie to walk on.
   * @param poolSize - The size of the task queue.
   */
  constructor(onNode, trie, poolSize) {
    this.onNode = onNode;
    this.taskExecutor = new PrioritizedTaskExecutor(poolSize);
    this.trie = trie;
    this._resolvePromise = () => {
    };
    this._rejectPromise = () => {
    };
  }
  /**
   * Creates and starts an async walk over a trie from the given root.
   * Resolves when all reachable nodes have been visited and no new tasks were scheduled.
   *
   * @param onNode - The {@link FoundNodeFunction} to call when a node is found.
   * @param trie - The trie to walk on.
   * @param rootHash - The root hash (32-byte keccak) to start walking from.
   * @param poolSize - Task execution pool size to prevent OOM errors. Defaults to 500.
   * @returns A Promise that resolves when the walk is finished.
   */
  static async newWalk(onNode, trie, rootHash, poolSize) {
    const controller = new _WalkController(onNode, trie, poolSize ?? 500);
    await controller._startWalk(rootHash);
  }
  async _startWalk(rootHash) {
    return new Promise((resolve, reject) => {
      this._resolvePromise = resolve;
      this._rejectPromise = reject;
      this.trie.lookupNode(rootHash).then((rootNode) => {
        this._processNode(rootHash, rootNode, []);
      }).catch((error) => {
        this._rejectPromise(error);
      });
    });
  }
  /**
   * Runs all children of a node. Priority of these nodes is the key length of the children.
   * Used when walking an Extension or when exploring all branches of a Branch node.
   *
   * @param node - Node to get all children of and call onNode on.
   * @param currentKeyNibbles - The current key (nibbles) which would yield the `node` when
   *        trying to get this node with a `get` operation. Defaults to `[]`.
   * @returns `void`
   */
  allChildren(node, currentKeyNibbles = []) {
    if (node instanceof LeafMPTNode) {
      return;
    }
    let childEntries;
    if (node instanceof ExtensionMPTNode) {
      childEntries = [[node.key(), node.value()]];
    } else if (node instanceof BranchMPTNode) {
      childEntries = node.getChildren().map(([branchIndex, branchRef]) => [[branchIndex], branchRef]);
    } else {
      return;
    }
    for (const [keyExtension, childRef] of childEntries) {
      const childKeyNibbles = currentKeyNibbles.concat(keyExtension);
      const taskPriority = childKeyNibbles.length;
      this.pushNodeToQueue(childRef, childKeyNibbles, taskPriority);
    }
  }
  /**
   * Pushes a node to the queue. If the queue has capacity, the node is executed immediately,
   * otherwise it is queued for later execution.
   *
   * @param nodeRef - A node reference (32-byte keccak hash or raw encoding) to enqueue.
   * @param currentKeyNibbles - The current key (nibbles) corresponding to this node. Defaults to `[]`.
   * @param priority - Optional priority. Defaults to key length.
   * @returns `void`
   */
  pushNodeToQueue(nodeRef, currentKeyNibbles = [], priority) {
    const taskPriority = priority ?? currentKeyNibbles.length;
    this.taskExecutor.executeOrQueue(taskPriority, (taskFinishedCallback) => {
      this.trie.lookupNode(nodeRef).then((decodedNode) => {
        taskFinishedCallback();
        this._processNode(nodeRef, decodedNode, currentKeyNibbles);
      }).catch((error) => {
        this._rejectPromise(error);
      });
    });
  }
  /**
   * Pushes a branch of a certain BranchMPTNode to the event queue.
   * Used by findPath when following a specific key (only one child index is traversed).
   *
   * @param node - The BranchMPTNode to select a branch on.
   * @param currentKeyNibbles - The current key which leads to the corresponding node. Defaults to `[]`.
   * @param childIndex - The child index (0–15) to add to the event queue.
   * @param priority - Optional priority of the event. Defaults to the total key length.
   * @returns `void`
   * @throws If `node` is not a BranchMPTNode or if the branch at `childIndex` is empty.
   */
  onlyBranchIndex(node, currentKeyNibbles = [], childIndex, priority) {
    if (!(node instanceof BranchMPTNode)) {
      throw EthereumJSErrorWithoutCode("Expected branch node");
    }
    const childRef = node.getBranch(childIndex);
    if (!childRef) {
      throw EthereumJSErrorWithoutCode("Could not get branch of childIndex");
    }
    const childKeyNibbles = currentKeyNibbles.concat(childIndex);
    const taskPriority = priority ?? childKeyNibbles.length;
    this.pushNodeToQueue(childRef, childKeyNibbles, taskPriority);
  }
  _processNode(nodeRef, node, currentKeyNibbles) {
    this.onNode(nodeRef, node, currentKeyNibbles, this);
    if (this.taskExecutor.finished()) {
      this._resolvePromise();
    }
  }
};

// node_modules/@ethereumjs/mpt/dist/esm/mpt.js
var MerklePatriciaTrie = class _MerklePatriciaTrie {
  /**
   * Creates a new trie.
   *
   * @deprecated Use {@link createMPT} instead; it applies the same options with sensible defaults.
   */
  constructor(opts) {
    this._opts = {
      useKeyHashing: false,
      useKeyHashingFunction: keccak_256,
      keyPrefix: void 0,
      useRootPersistence: false,
      useNodePruning: false,
      cacheSize: 0,
      valueEncoding: ValueEncoding.String
    };
    this._lock = new Lock();
    this._debug = debug("mpt:#");
    this.walkTrieIterable = _walkTrie.bind(this);
    if (opts?.valueEncoding !== void 0 && opts.db === void 0) {
      throw EthereumJSErrorWithoutCode("`valueEncoding` can only be set if a `db` is provided");
    }
    if (opts !== void 0) {
      this._opts = { ...this._opts, ...opts };
      this._opts.useKeyHashingFunction = opts.common?.customCrypto.keccak256 ?? opts.useKeyHashingFunction ?? keccak_256;
    }
    const valueEncoding = opts?.db !== void 0 ? opts.valueEncoding ?? ValueEncoding.String : ValueEncoding.Bytes;
    this.DEBUG = isDebugEnabled("ethjs");
    this.debug = this.DEBUG ? (message, namespaces = []) => {
      let logger = this._debug;
      for (const namespace of namespaces) {
        logger = logger.extend(namespace);
      }
      logger(message);
    } : (..._args) => {
    };
    this.database(opts?.db ?? new MapDB(), valueEncoding);
    this.EMPTY_TRIE_ROOT = this.hash(RLP_EMPTY_STRING);
    this._hashLen = this.EMPTY_TRIE_ROOT.length;
    this._root = this.EMPTY_TRIE_ROOT;
    if (opts?.root) {
      this.root(opts.root);
    }
    this.DEBUG && this.debug(`Trie created:
    || Root: ${bytesToHex4(this.root())}
    || Secure: ${this._opts.useKeyHashing}
    || Persistent: ${this._opts.useRootPersistence}
    || Pruning: ${this._opts.useNodePruning}
    || CacheSize: ${this._opts.cacheSize}
    || ----------------`);
  }
  database(db, valueEncoding) {
    if (db !== void 0) {
      if (db instanceof CheckpointDB) {
        throw EthereumJSErrorWithoutCode("Cannot pass in an instance of CheckpointDB");
      }
      this._db = new CheckpointDB({ db, cacheSize: this._opts.cacheSize, valueEncoding });
    }
    return this._db;
  }
  /**
   * Gets and/or Sets the current root of the `trie`
   */
  root(value) {
    if (value !== void 0) {
      if (value === null) {
        value = this.EMPTY_TRIE_ROOT;
      }
      this.DEBUG && this.debug(`Setting root to ${bytesToHex4(value)}`);
      if (value.length !== this._hashLen) {
        throw EthereumJSErrorWithoutCode(`Invalid root length. Roots are ${this._hashLen} bytes, got ${value.length} bytes`);
      }
      this._root = value;
    }
    return this._root;
  }
  /**
   * Checks if a given root exists.
   */
  async checkRoot(root) {
    try {
      const value = await this.lookupNode(root);
      return value !== null;
    } catch (error) {
      if (error.message === "Missing node in DB") {
        return equalsBytes(root, this.EMPTY_TRIE_ROOT);
      } else {
        throw error;
      }
    }
  }
  /**
   * Gets a value given a `key`
   * @param key - the key to search for
   * @param throwIfMissing - if true, throws if any nodes are missing. Used for verifying proofs. (default: false)
   * @returns A Promise that resolves to `Uint8Array` if a value was found or `null` if no value was found.
   */
  async get(key, throwIfMissing = false) {
    this.DEBUG && this.debug(`Key: ${bytesToHex4(key)}`, ["get"]);
    const { node, remaining } = await this.findPath(this.appliedKey(key), throwIfMissing);
    let value = null;
    if (node && remaining.length === 0) {
      value = node.value();
    }
    this.DEBUG && this.debug(`Value: ${value === null ? "null" : bytesToHex4(value)}`, ["get"]);
    return value;
  }
  /**
   * Stores `value` at `key`, or deletes the key when `value` is empty.
   *
   * Deletes only reach the backing DB when node pruning is enabled.
   */
  async put(key, value, skipKeyTransform = false) {
    this.DEBUG && this.debug(`Key: ${bytesToHex4(key)}`, ["put"]);
    this.DEBUG && this.debug(`Value: ${value === null ? "null" : bytesToHex4(value)}`, ["put"]);
    if (this._opts.useRootPersistence && equalsBytes(key, ROOT_DB_KEY)) {
      throw EthereumJSErrorWithoutCode(`Attempted to set '${bytesToUtf8(ROOT_DB_KEY)}' key but it is not allowed.`);
    }
    if (value === null || value.length === 0) {
      return this.del(key);
    }
    await this._lock.acquire();
    const appliedKey = skipKeyTransform ? key : this.appliedKey(key);
    if (equalsBytes(this.root(), this.EMPTY_TRIE_ROOT)) {
      await this._createInitialNode(appliedKey, value);
    } else {
      const { remaining, stack } = await this.findPath(appliedKey);
      let ops = [];
      if (this._opts.useNodePruning) {
        const val = await this.get(key);
        if (val === null || !equalsBytes(val, value)) {
          ops = this._createPruneDeleteOps(stack);
        }
      }
      await this._updateNode(appliedKey, value, remaining, stack);
      if (this._opts.useNodePruning) {
        await this._db.batch(ops);
      }
    }
    await this.persistRoot();
    this._lock.release();
  }
  /**
   * Deletes the value at `key`.
   *
   * Physical DB deletes occur only when node pruning is enabled.
   */
  async del(key, skipKeyTransform = false) {
    this.DEBUG && this.debug(`Key: ${bytesToHex4(key)}`, ["del"]);
    await this._lock.acquire();
    const appliedKey = skipKeyTransform ? key : this.appliedKey(key);
    const { node, stack } = await this.findPath(appliedKey);
    const nodeHasValue = node !== null && (!(node instanceof BranchMPTNode) || node.value() !== null);
    let ops = [];
    if (this._opts.useNodePruning && nodeHasValue) {
      ops = this._createPruneDeleteOps(stack);
    }
    if (nodeHasValue) {
      await this._deleteNode(appliedKey, stack);
    }
    if (this._opts.useNodePruning) {
      await this._db.batch(ops);
    }
    await this.persistRoot();
    this._lock.release();
  }
  // ─── Path finding ───────────────────────────────────────────────────────────
  /**
   * Finds the path from root to the node for the given key.
   * Walks the trie, matching nibbles at each level. Returns the target node (if found)
   * and the stack of nodes along the path (needed for updates/deletes).
   *
   * @param key - the search key (bytes)
   * @param throwIfMissing - if true, throws when nodes are missing (e.g. proof verification)
   * @param partialPath - optional pre-loaded stack for resuming from a mid-path node
   */
  async findPath(key, throwIfMissing = false, partialPath = {
    stack: []
  }) {
    const targetKey = bytesToNibbles(key);
    const keyLen = targetKey.length;
    const stack = Array.from({ length: keyLen });
    let pathProgress = 0;
    for (let stackIndex = 0; stackIndex < partialPath.stack.length - 1; stackIndex++) {
      stack[stackIndex] = partialPath.stack[stackIndex];
      pathProgress += stack[stackIndex] instanceof BranchMPTNode ? 1 : stack[stackIndex].keyLength();
    }
    this.DEBUG && this.debug(`Target (${targetKey.length}): [${targetKey}]`, ["find_path"]);
    let result = null;
    const onFound = async (_nodeRef, node, currentKeyNibbles, walkController) => {
      stack[pathProgress] = node;
      if (node instanceof BranchMPTNode) {
        if (pathProgress === keyLen) {
          result = { node, remaining: [], stack };
        } else {
          const branchIndex = targetKey[pathProgress];
          const branchNode = node.getBranch(branchIndex);
          this.DEBUG && this.debug(branchNode === null ? "NULL" : `Branch ${branchIndex}: ${branchNode instanceof Uint8Array ? bytesToHex4(branchNode) : "raw"}`, ["find_path", "branch_node"]);
          if (!branchNode) {
            result = { node: null, remaining: targetKey.slice(pathProgress), stack };
          } else {
            pathProgress++;
            walkController.onlyBranchIndex(node, currentKeyNibbles, branchIndex);
          }
        }
      } else if (node instanceof LeafMPTNode) {
        const leafStartProgress = pathProgress;
        if (keyLen - pathProgress > node.key().length) {
          result = { node: null, remaining: targetKey.slice(leafStartProgress), stack };
          return;
        }
        for (const nibble of node.key()) {
          if (nibble !== targetKey[pathProgress]) {
            result = { node: null, remaining: targetKey.slice(leafStartProgress), stack };
            return;
          }
          pathProgress++;
        }
        result = { node, remaining: [], stack };
      } else if (node instanceof ExtensionMPTNode) {
        const extensionStartProgress = pathProgress;
        this.DEBUG && this.debug(`Extension key: [${node.key()}] vs expected [${targetKey.slice(pathProgress, pathProgress + node.key().length)}]`, ["find_path", "extension_node"]);
        for (const nibble of node.key()) {
          if (nibble !== targetKey[pathProgress]) {
            result = { node: null, remaining: targetKey.slice(extensionStartProgress), stack };
            return;
          }
          pathProgress++;
        }
        walkController.allChildren(node, currentKeyNibbles);
      }
    };
    const startingNode = partialPath.stack[partialPath.stack.length - 1];
    const start2 = startingNode !== void 0 ? this.hash(startingNode.serialize()) : this.root();
    try {
      this.DEBUG && this.debug(`Walking trie from ${startingNode === void 0 ? "ROOT" : "NODE"}: ${bytesToHex4(start2)}`, ["find_path"]);
      await this.walkTrie(start2, onFound);
    } catch (error) {
      if (error.message !== "Missing node in DB" || throwIfMissing) {
        throw error;
      }
    }
    if (result === null) {
      result = { node: null, remaining: [], stack };
    }
    this.DEBUG && this.debug(result.node !== null ? `Target Node FOUND for ${bytesToNibbles(key)}` : `Target Node NOT FOUND`, ["find_path"]);
    result.stack = result.stack.filter((stackEntry) => stackEntry !== void 0);
    this.DEBUG && this.debug(`Result:
        || Node: ${result.node === null ? "null" : result.node.constructor.name}
        || Remaining: [${result.remaining}]
|| Stack: ${result.stack.map((stackEntry) => stackEntry.constructor.name).join(", ")}`, ["find_path"]);
    return result;
  }
  /**
   * Walk the trie from `root`, invoking `onFound` for each visited node.
   *
   * @param root Root hash to start from
   * @param onFound Callback that may schedule further child visits via the walk controller
   */
  async walkTrie(root, onFound) {
    await WalkController.newWalk(onFound, this, root);
  }
  /**
   * Executes a callback for each node in the trie.
   * @param onFound - callback to call when a node is found.
   * @returns Resolves when finished walking trie.
   */
  async walkAllNodes(onFound) {
    for await (const { node, currentKey } of this.walkTrieIterable(this.root())) {
      await onFound(node, currentKey);
    }
  }
  /**
   * Executes a callback for each value node in the trie.
   * @param onFound - callback to call when a node is found.
   * @returns Resolves when finished walking trie.
   */
  async walkAllValueNodes(onFound) {
    for await (const { node, currentKey } of this.walkTrieIterable(this.root(), [], void 0, async (node2) => {
      return node2 instanceof LeafMPTNode || node2 instanceof BranchMPTNode && node2.value() !== null;
    })) {
      await onFound(node, currentKey);
    }
  }
  // ─── Node persistence (internal) ─────────────────────────────────────────────
  /**
   * Creates the initial leaf node when inserting into an empty trie.
   * @private
   */
  async _createInitialNode(key, value) {
    const newNode = new LeafMPTNode(bytesToNibbles(key), value);
    const encoded = newNode.serialize();
    this.root(this.hash(encoded));
    await this._db.put(this._getDbKey(this.root()), encoded);
    await this.persistRoot();
  }
  /**
   * Retrieves a node from db by hash.
   */
  async lookupNode(node) {
    if (isRawMPTNode(node)) {
      const decoded3 = decodeRawMPTNode(node);
      this.DEBUG && this.debug(`${decoded3.constructor.name}`, ["lookup_node", "raw_node"]);
      return decoded3;
    }
    this.DEBUG && this.debug(`${bytesToHex4(node)}`, ["lookup_node", "by_hash"]);
    const value = await this._db.get(this._getDbKey(node)) ?? null;
    if (value === null) {
      throw EthereumJSErrorWithoutCode("Missing node in DB");
    }
    const decoded2 = decodeMPTNode(value);
    this.DEBUG && this.debug(`${decoded2.constructor.name} found in DB`, ["lookup_node", "by_hash"]);
    return decoded2;
  }
  /**
   * True when we're updating an existing leaf value (key already exists, no structural change).
   * @private
   */
  _isMatchingLeafUpdate(lastNode, stack, fullKeyNibbles, keyRemainder) {
    if (!(lastNode instanceof LeafMPTNode) || keyRemainder.length !== 0) {
      return false;
    }
    let keyOffset = 0;
    for (const stackNode of stack) {
      keyOffset += stackNode instanceof BranchMPTNode ? 1 : stackNode.key().length;
    }
    return matchingNibbleLength(lastNode.key(), fullKeyNibbles.slice(keyOffset)) === lastNode.key().length;
  }
  /**
   * Applies a value update given the path from findPath. Modifies the stack in-place
   * to represent the new structure, then calls saveStack to persist.
   *
   * Three cases:
   * 1. Match leaf: key exists, just update value (no structure change)
   * 2. Branch: add new leaf to branch, or set branch value
   * 3. Extension/Leaf with diverging path: create new branch at divergence, re-hang old + new leaf
   *
   * @private
   */
  async _updateNode(keyBytes, value, keyRemainder, stack) {
    const opStack = [];
    const lastNode = stack.pop();
    if (!lastNode) {
      throw EthereumJSErrorWithoutCode("Stack underflow");
    }
    const fullKeyNibbles = bytesToNibbles(keyBytes);
    const matchLeaf = this._isMatchingLeafUpdate(lastNode, stack, fullKeyNibbles, keyRemainder);
    if (matchLeaf) {
      lastNode.value(value);
      stack.push(lastNode);
    } else if (lastNode instanceof BranchMPTNode) {
      stack.push(lastNode);
      if (keyRemainder.length !== 0) {
        keyRemainder.shift();
        stack.push(new LeafMPTNode(keyRemainder, value));
      } else {
        lastNode.value(value);
      }
    } else {
      const lastKey = lastNode.key();
      const matchingLength = matchingNibbleLength(lastKey, keyRemainder);
      const newBranchMPTNode = new BranchMPTNode();
      if (matchingLength !== 0) {
        const newExtNode = new ExtensionMPTNode(lastNode.key().slice(0, matchingLength), value);
        stack.push(newExtNode);
        lastKey.splice(0, matchingLength);
        keyRemainder.splice(0, matchingLength);
      }
      stack.push(newBranchMPTNode);
      if (lastKey.length !== 0) {
        const branchKey = lastKey.shift();
        if (lastKey.length !== 0 || lastNode instanceof LeafMPTNode) {
          lastNode.key(lastKey);
          const formattedNode = this._formatNode(lastNode, false, opStack);
          newBranchMPTNode.setBranch(branchKey, formattedNode);
        } else {
          this._formatNode(lastNode, false, opStack, true);
          newBranchMPTNode.setBranch(branchKey, lastNode.value());
        }
      } else {
        newBranchMPTNode.value(lastNode.value());
      }
      if (keyRemainder.length !== 0) {
        keyRemainder.shift();
        stack.push(new LeafMPTNode(keyRemainder, value));
      } else {
        newBranchMPTNode.value(value);
      }
    }
    await this.saveStack(fullKeyNibbles, stack, opStack);
  }
  /**
   * Removes a key from the trie. Handles two main cases:
   * - Deleting from a leaf: remove leaf, possibly collapse parent branch
   * - Deleting from a branch value: clear value, possibly collapse if branch has single child
   *
   * When a branch ends up with only one child after deletion, we collapse it into
   * an extension (or merge with parent extension) to keep the trie minimal.
   *
   * @private
   */
  async _deleteNode(keyBytes, stack) {
    const collapseBranchWithOneChild = (pathNibbles2, branchIndex, childNode, parentNode2, nodeStack) => {
      const parentIsBranchOrRoot = parentNode2 === null || parentNode2 === void 0 || parentNode2 instanceof BranchMPTNode;
      if (parentIsBranchOrRoot) {
        if (parentNode2 instanceof BranchMPTNode)
          nodeStack.push(parentNode2);
        if (childNode instanceof BranchMPTNode) {
          const extensionNode = new ExtensionMPTNode([branchIndex], new Uint8Array());
          nodeStack.push(extensionNode);
          pathNibbles2.push(branchIndex);
        } else {
          const childNodeKey = childNode.key();
          childNodeKey.unshift(branchIndex);
          childNode.key(childNodeKey.slice(0));
          nodeStack.push(childNode);
          return pathNibbles2.concat(childNodeKey);
        }
        nodeStack.push(childNode);
        return pathNibbles2;
      }
      if (!(parentNode2 instanceof ExtensionMPTNode)) {
        throw EthereumJSErrorWithoutCode("Expected extension node");
      }
      const parentKey = parentNode2.key();
      if (childNode instanceof BranchMPTNode) {
        parentKey.push(branchIndex);
        pathNibbles2.push(branchIndex);
        parentNode2.key(parentKey);
        nodeStack.push(parentNode2);
      } else {
        const childNodeKey = childNode.key();
        childNodeKey.unshift(branchIndex);
        const fullPath = parentKey.concat(childNodeKey);
        childNode.key(fullPath);
        nodeStack.push(childNode);
        return pathNibbles2.concat(childNodeKey);
      }
      nodeStack.push(childNode);
      return pathNibbles2;
    };
    let lastNode = stack.pop();
    if (lastNode === void 0)
      throw EthereumJSErrorWithoutCode("missing last node");
    let parentNode = stack.pop();
    const opStack = [];
    let pathNibbles = bytesToNibbles(keyBytes);
    if (parentNode === void 0) {
      this.root(this.EMPTY_TRIE_ROOT);
      return;
    }
    if (lastNode instanceof BranchMPTNode) {
      lastNode.value(null);
    } else {
      if (!(parentNode instanceof BranchMPTNode)) {
        throw EthereumJSErrorWithoutCode("Expected branch node");
      }
      const lastNodeKey = lastNode.key();
      pathNibbles.splice(pathNibbles.length - lastNodeKey.length);
      this._formatNode(lastNode, false, opStack, true);
      parentNode.setBranch(pathNibbles.pop(), null);
      lastNode = parentNode;
      parentNode = stack.pop();
    }
    const branchNodes = lastNode.getChildren();
    if (branchNodes.length === 0) {
      const branchValue = lastNode.value();
      if (branchValue !== null) {
        const leafNode = new LeafMPTNode([], branchValue);
        if (parentNode instanceof ExtensionMPTNode) {
          leafNode.key(parentNode.key());
          stack.push(leafNode);
        } else {
          if (parentNode instanceof BranchMPTNode)
            stack.push(parentNode);
          stack.push(leafNode);
        }
        await this.saveStack(pathNibbles, stack, opStack);
        return;
      }
      if (parentNode === void 0 || parentNode instanceof ExtensionMPTNode) {
        this.root(this.EMPTY_TRIE_ROOT);
        return;
      }
      if (!(parentNode instanceof BranchMPTNode)) {
        throw EthereumJSErrorWithoutCode("Expected branch node");
      }
      parentNode.setBranch(pathNibbles.pop(), null);
      stack.push(parentNode);
      await this.saveStack(pathNibbles, stack, opStack);
      return;
    }
    if (branchNodes.length === 1) {
      const branchNode = branchNodes[0][1];
      const branchNodeKey = branchNodes[0][0];
      if (this._opts.useNodePruning) {
        const hashToDelete = isRawMPTNode(branchNode) ? this.hash(RLP.encode(branchNode)) : branchNode;
        opStack.push({ type: "del", key: this._getDbKey(hashToDelete) });
      }
      const foundNode = await this.lookupNode(branchNode);
      pathNibbles = collapseBranchWithOneChild(pathNibbles, branchNodeKey, foundNode, parentNode, stack);
      await this.saveStack(pathNibbles, stack, opStack);
    } else {
      if (parentNode) {
        stack.push(parentNode);
      }
      stack.push(lastNode);
      await this.saveStack(pathNibbles, stack, opStack);
    }
  }
  /**
   * Persists the modified node stack to the DB. Processes nodes from leaf toward root,
   * wiring each node's references (extension value, branch slot) to its child's hash.
   *
   * @param pathNibbles - nibble path that corresponds to the stack
   * @param stack - nodes from findPath/update, bottom (leaf) to top (root)
   * @param opStack - put/del operations accumulated by _formatNode
   */
  async saveStack(pathNibbles, stack, opStack) {
    let childHash;
    while (stack.length > 0) {
      const node = stack.pop();
      if (node === void 0) {
        throw EthereumJSErrorWithoutCode("saveStack: missing node");
      }
      if (node instanceof LeafMPTNode || node instanceof ExtensionMPTNode) {
        pathNibbles.splice(pathNibbles.length - node.key().length);
      }
      if (node instanceof ExtensionMPTNode && childHash !== void 0) {
        node.value(childHash);
      }
      if (node instanceof BranchMPTNode && childHash !== void 0) {
        const branchIndex = pathNibbles.pop();
        node.setBranch(branchIndex, childHash);
      }
      childHash = this._formatNode(node, stack.length === 0, opStack);
    }
    if (childHash !== void 0) {
      this.root(childHash);
    }
    await this._db.batch(opStack);
    await this.persistRoot();
  }
  /**
   * Serializes a node and either stores it (put) or schedules removal (del).
   * Nodes ≥32 bytes (or top-level) are hashed and stored; smaller nodes are inlined as raw.
   *
   * @param node - the node to persist
   * @param topLevel - if true, always store (root must be in DB)
   * @param opStack - accumulates put/del operations for batch commit
   * @param remove - if true, schedule del (used when pruning)
   * @returns hash (for references) or raw encoding (for inline)
   */
  _formatNode(node, topLevel, opStack, remove = false) {
    const encoded = node.serialize();
    if (encoded.length >= 32 || topLevel) {
      const nodeHash = this.hash(encoded);
      const dbKey = this._getDbKey(nodeHash);
      if (remove) {
        if (this._opts.useNodePruning) {
          opStack.push({ type: "del", key: dbKey });
        }
      } else {
        opStack.push({ type: "put", key: dbKey, value: encoded });
      }
      return nodeHash;
    }
    return node.raw();
  }
  /**
   * The given hash of operations (key additions or deletions) are executed on the trie
   * (delete operations are only executed on DB with `deleteFromDB` set to `true`)
   * @example
   * const ops = [
   *    { type: 'del', key: Uint8Array.from('father') }
   *  , { type: 'put', key: Uint8Array.from('name'), value: Uint8Array.from('Yuri Irsenovich Kim') } // cspell:disable-line
   *  , { type: 'put', key: Uint8Array.from('dob'), value: Uint8Array.from('16 February 1941') }
   *  , { type: 'put', key: Uint8Array.from('spouse'), value: Uint8Array.from('Kim Young-sook') } // cspell:disable-line
   *  , { type: 'put', key: Uint8Array.from('occupation'), value: Uint8Array.from('Clown') }
   * ]
   * await trie.batch(ops)
   * @param ops Put/delete operations applied in order
   */
  async batch(ops, skipKeyTransform) {
    for (const op of ops) {
      if (op.type === "put") {
        if (op.value === null || op.value === void 0) {
          throw EthereumJSErrorWithoutCode("Invalid batch db operation");
        }
        await this.put(op.key, op.value, skipKeyTransform);
      } else if (op.type === "del") {
        await this.del(op.key, skipKeyTransform);
      }
    }
    await this.persistRoot();
  }
  /**
   * Verifies that every key in the DB is reachable from the root. Used to ensure
   * pruning is correct – unreachable keys indicate a bug or corrupt state.
   */
  async verifyPrunedIntegrity() {
    const roots = [
      bytesToUnprefixedHex(this.root()),
      bytesToUnprefixedHex(this.appliedKey(ROOT_DB_KEY))
    ];
    for (const dbKeyHex of this._db.db._database.keys()) {
      if (roots.includes(dbKeyHex)) {
        continue;
      }
      let found = false;
      try {
        await this.walkTrie(this.root(), async (_, node, currentKeyNibbles, walkController) => {
          if (found)
            return;
          if (node instanceof BranchMPTNode) {
            for (const branchRef of node._branches) {
              if (branchRef !== null && bytesToUnprefixedHex(isRawMPTNode(branchRef) ? walkController.trie.appliedKey(RLP.encode(branchRef)) : branchRef) === dbKeyHex) {
                found = true;
                return;
              }
            }
            walkController.allChildren(node, currentKeyNibbles);
          }
          if (node instanceof ExtensionMPTNode) {
            if (!isRawMPTNode(node.value()) && bytesToUnprefixedHex(node.value()) === dbKeyHex) {
              found = true;
              return;
            }
            walkController.allChildren(node, currentKeyNibbles);
          }
        });
      } catch {
        return false;
      }
      if (!found) {
        return false;
      }
    }
    return true;
  }
  /**
   * Returns a copy of the underlying trie.
   *
   * Note on db: the copy will create a reference to the
   * same underlying database.
   *
   * Note on cache: for memory reasons a copy will by default
   * not recreate a new LRU cache but initialize with cache
   * being deactivated. This behavior can be overwritten by
   * explicitly setting `cacheSize` as an option on the method.
   *
   * @param includeCheckpoints - If true and during a checkpoint, the copy will contain the checkpointing metadata and will use the same scratch as underlying db.
   */
  shallowCopy(includeCheckpoints = true, opts) {
    const trie = new _MerklePatriciaTrie({
      ...this._opts,
      db: this._db.db.shallowCopy(),
      root: this.root(),
      cacheSize: 0,
      ...opts ?? {}
    });
    if (includeCheckpoints && this.hasCheckpoints()) {
      trie._db.setCheckpoints(this._db.checkpoints);
    }
    return trie;
  }
  /**
   * Persists the root hash in the underlying database
   */
  async persistRoot() {
    if (this._opts.useRootPersistence) {
      this.DEBUG && this.debug(`Persisting root: 
|| RootHash: ${bytesToHex4(this.root())}
|| RootKey: ${bytesToHex4(this.appliedKey(ROOT_DB_KEY))}`, ["persist_root"]);
      await this._db.put(this._getDbKey(this.appliedKey(ROOT_DB_KEY)), this.root());
    }
  }
  /**
   * Finds all nodes that are stored directly in the db
   * (some nodes are stored raw inside other nodes)
   * called by {@link ScratchReadStream}
   * @private
   */
  async _findDbNodes(onFound) {
    const outerOnFound = async (nodeRef, node, key, walkController) => {
      if (isRawMPTNode(nodeRef)) {
        if (node !== null) {
          walkController.allChildren(node, key);
        }
      } else {
        onFound(nodeRef, node, key, walkController);
      }
    };
    await this.walkTrie(this.root(), outerOnFound);
  }
  // ─── DB helpers ─────────────────────────────────────────────────────────────
  /** Applies keyPrefix to a hash when multiple tries share a DB. */
  _getDbKey(hash) {
    return this._opts.keyPrefix ? concatBytes4(this._opts.keyPrefix, hash) : hash;
  }
  /** Builds del ops for nodes that will be replaced (pruning). */
  _createPruneDeleteOps(stack) {
    return stack.map((node) => {
      const deletedHash = this.hash(node.serialize());
      return {
        type: "del",
        key: this._getDbKey(deletedHash),
        opts: { keyEncoding: KeyEncoding.Bytes }
      };
    });
  }
  /** Applies key hashing (keccak) when useKeyHashing is enabled (Ethereum-style). */
  appliedKey(key) {
    if (this._opts.useKeyHashing) {
      return this.hash(key);
    }
    return key;
  }
  hash(inputBytes) {
    return Uint8Array.from(this._opts.useKeyHashingFunction.call(void 0, inputBytes));
  }
  /**
   * Is the trie during a checkpoint phase?
   */
  hasCheckpoints() {
    return this._db.hasCheckpoints();
  }
  /**
   * Creates a checkpoint that can later be reverted to or committed.
   * After this is called, all changes can be reverted until `commit` is called.
   */
  checkpoint() {
    this.DEBUG && this.debug(`${bytesToHex4(this.root())}`, ["checkpoint"]);
    this._db.checkpoint(this.root());
  }
  /**
   * Commits a checkpoint to disk, if current checkpoint is not nested.
   * If nested, only sets the parent checkpoint as current checkpoint.
   * @throws If not during a checkpoint phase
   */
  async commit() {
    if (!this.hasCheckpoints()) {
      throw EthereumJSErrorWithoutCode("trying to commit when not checkpointed");
    }
    this.DEBUG && this.debug(`${bytesToHex4(this.root())}`, ["commit"]);
    await this._lock.acquire();
    await this._db.commit();
    await this.persistRoot();
    this._lock.release();
  }
  /**
   * Reverts the trie to the state it was at when `checkpoint` was first called.
   * If during a nested checkpoint, sets root to most recent checkpoint, and sets
   * parent checkpoint as current.
   */
  async revert() {
    if (!this.hasCheckpoints()) {
      throw EthereumJSErrorWithoutCode("trying to revert when not checkpointed");
    }
    this.DEBUG && this.debug(`${bytesToHex4(this.root())}`, ["revert", "before"]);
    await this._lock.acquire();
    this.root(await this._db.revert());
    await this.persistRoot();
    this._lock.release();
    this.DEBUG && this.debug(`${bytesToHex4(this.root())}`, ["revert", "after"]);
  }
  /**
   * Flushes all checkpoints, restoring the initial checkpoint state.
   */
  flushCheckpoints() {
    this.DEBUG && this.debug(`Deleting ${this._db.checkpoints.length} checkpoints.`, ["flush_checkpoints"]);
    this._db.checkpoints = [];
  }
  /**
   * Returns a list of values stored in the trie
   * @param startKey first unhashed key in the range to be returned (defaults to 0).  Note, all keys must be of the same length or undefined behavior will result
   * @param limit - the number of keys to be returned (undefined means all keys)
   * @returns an object with two properties (a map of all key/value pairs in the trie - or in the specified range) and then a `nextKey` reference if a range is specified
   */
  async getValueMap(startKey = BIGINT_02, limit) {
    let inRange2 = limit !== void 0 ? false : true;
    let valueCount = 0;
    const values = {};
    let nextKey = null;
    await this.walkAllValueNodes(async (node, currentKey) => {
      if (node instanceof LeafMPTNode) {
        const keyBytes = nibblesTypeToPackedBytes(currentKey.concat(node.key()));
        if (!inRange2) {
          if (bytesToBigInt(keyBytes) >= startKey) {
            inRange2 = true;
          } else {
            return;
          }
        }
        if (limit === void 0 || valueCount < limit) {
          values[bytesToHex4(keyBytes)] = bytesToHex4(node._value);
          valueCount++;
        } else if (valueCount === limit) {
          nextKey = bytesToHex4(keyBytes);
        }
      }
    });
    return {
      values,
      nextKey
    };
  }
};

// node_modules/@ethereumjs/mpt/dist/esm/proof/proof.js
async function verifyMerkleProof(key, proof, opts) {
  try {
    const proofTrie = await createMPTFromProof(proof, opts);
    const value = await proofTrie.get(key, true);
    return value;
  } catch {
    throw EthereumJSErrorWithoutCode("Invalid proof provided");
  }
}
async function updateMPTFromMerkleProof(trie, proof, shouldVerifyRoot = false) {
  trie["DEBUG"] && trie["debug"](`Saving (${proof.length}) proof nodes in DB`, ["from_proof"]);
  const opStack = proof.map((nodeValue) => {
    let key = Uint8Array.from(trie["hash"](nodeValue));
    key = trie["_opts"].keyPrefix ? concatBytes4(trie["_opts"].keyPrefix, key) : key;
    return {
      type: "put",
      key,
      value: nodeValue
    };
  });
  if (shouldVerifyRoot) {
    if (opStack[0] !== void 0 && opStack[0] !== null) {
      if (!equalsBytes(trie.root(), opStack[0].key)) {
        throw EthereumJSErrorWithoutCode("The provided proof does not have the expected trie root");
      }
    }
  }
  await trie["_db"].batch(opStack);
  if (opStack[0] !== void 0) {
    return opStack[0].key;
  }
}

// src/verify/tree.ts
async function provenValue(root, key, proof, what) {
  if (equal(root, EMPTY_ROOT) && proof.length === 0) return null;
  if (proof.length === 0) throw new Fault(`the proof of ${what} is missing`);
  if (proof.length > MAX_NODES) throw new Fault(`the proof of ${what} has more nodes than any tree is deep`);
  const nodes = proof.map(fromHex);
  descending(root, nodes, what);
  try {
    return await verifyMerkleProof(key, nodes, { root, useKeyHashing: true });
  } catch {
    throw new Fault(`the proof of ${what} does not lead to it`);
  }
}
function descending(root, nodes, what) {
  let above = root;
  for (const [position, node] of nodes.entries()) {
    if (!toHex(above).includes(toHex(keccak_256(node)).slice(2))) {
      const parent = position === 0 ? "the root" : `node ${position}`;
      throw new Fault(`node ${position + 1} of the proof of ${what} does not hash to what ${parent} says`);
    }
    above = node;
  }
}
var EMPTY_ROOT = keccak_256(Uint8Array.of(128));
var MAX_NODES = 65;

// src/verify/record_proof.ts
async function verifyRecordProof(proof, asked) {
  aboutTheSame(proof, asked);
  const headers = linkedHeaders(proof.headers);
  const storageRoot = await registryUnder(headers[0], proof.account, asked.registry);
  const slots = recordSlots(asked.owner, asked.label);
  const [word2, x, bundle, ...more] = proof.account.storage;
  if (!word2 || !x || !bundle || more.length > 0) throw new Fault("it does not prove exactly three slots");
  const proven = {
    word: await provenSlot(storageRoot, slots.word, word2, "the record"),
    x: await provenSlot(storageRoot, slots.x, x, "the key's X coordinate"),
    bundle: await provenSlot(storageRoot, slots.bundle, bundle, "the bundle's hash")
  };
  const [first, ...rest] = headers.map(({ number, hash, timestamp }) => ({ number, hash, timestamp }));
  if (!first) throw new Fault("it holds no header");
  return { blocks: [first, ...rest], record: recordOf(proven.word, proven.x, proof.publicKey), bundle: proven.bundle };
}
function aboutTheSame(proof, asked) {
  if (proof.chainId !== asked.chainId) throw new Fault(`it is of chain ${proof.chainId}, not of ${asked.chainId}`);
  if (proof.owner !== asked.owner || proof.label !== asked.label) throw new Fault("it is of another record");
  if (proof.account.address !== asked.registry) throw new Fault("it is of another contract than the registry");
}
async function registryUnder(header2, proof, registry2) {
  const account = await provenValue(header2.stateRoot, fromHex(registry2), proof.nodes, "the registry's account");
  if (account === null) throw new Fault("there is no registry at that address in that block");
  const fields2 = RLP.decode(account);
  const [, , storageRoot, codeHash] = Array.isArray(fields2) ? fields2 : [];
  if (!(storageRoot instanceof Uint8Array) || !(codeHash instanceof Uint8Array)) {
    throw new Fault("what lies at the registry's address is no account");
  }
  if (toHex(codeHash) !== REGISTRY_CODE_HASH) {
    throw new Fault("the code at the registry's address is not the registry's");
  }
  if (toHex(storageRoot) !== proof.storageHash || toHex(codeHash) !== proof.codeHash) {
    throw new Fault("it says another thing of the registry's account than it proves");
  }
  return storageRoot;
}
async function provenSlot(root, slot, proof, what) {
  if (proof.slot !== slot) throw new Fault(`it proves another storage slot than that of ${what}`);
  const encoded = await provenValue(root, fromHex(slot), proof.nodes, what);
  const value = encoded === null ? new Uint8Array() : RLP.decode(encoded);
  if (!(value instanceof Uint8Array) || value.length > 32) throw new Fault(`${what} is no storage word`);
  if (toNumber(value) !== proof.value) throw new Fault(`it says another value of ${what} than it proves`);
  return toHex(padded(value, 32));
}
function recordOf(word2, x, shown2) {
  const fields2 = readWord(BigInt(word2));
  if (fields2 === null) return null;
  const pinned = x === ZERO_WORD ? null : keyWithX(x, fields2.signer);
  if (pinned === null && shown2 !== null && addressOf(shown2) !== fields2.signer) {
    throw new Fault("the key that came along is not the one whose fingerprint is on chain");
  }
  return { fields: fields2, word: word2, x, isPinned: pinned !== null, key: pinned ?? shown2 };
}

// src/verify/canonical.ts
async function askedOf(source, chainId, block) {
  const chain = await source.request("eth_chainId", []);
  if (Number(chain) !== chainId) return { is: "other-chain", chainId: Number(chain) };
  const answer = await source.request("eth_getBlockByNumber", [`0x${block.number.toString(16)}`, false]);
  if (answer === null) return { is: "unknown" };
  const hash = typeof answer === "object" ? answer.hash : void 0;
  if (!isHex(hash, 32)) throw new Trouble(`${source.name} answered no block.`, "Check that it is an Ethereum node.");
  const lower2 = hash.toLowerCase();
  return lower2 === block.hash ? { is: "same" } : { is: "other", hash: lower2 };
}
function nodeAt(address2) {
  if (!/^https?:\/\/\S+$/.test(address2) || !URL.canParse(address2)) {
    throw new Trouble(
      "This is no node's address.",
      "It begins with https://, or with http:// for one on this machine."
    );
  }
  return { name: "Your node", request: (method, params) => posted(address2, { jsonrpc: "2.0", id: 1, method, params }) };
}
function wallet() {
  const { ethereum } = globalThis;
  const request = ethereum?.request;
  if (typeof request !== "function") return null;
  return {
    name: "Your wallet",
    request: async (method, params) => {
      try {
        return await request.call(ethereum, { method, params });
      } catch {
        throw new Trouble("Your wallet did not answer.", "Unlock it, choose this chain in it, and try again.");
      }
    }
  };
}
async function posted(address2, body) {
  const unanswered = () => new Trouble(
    "Your node did not answer.",
    "Check its address, that it runs, and that it lets web pages of this address ask it (CORS)."
  );
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" };
  const response = await fetch(address2, { ...init, referrerPolicy: "no-referrer" }).catch(() => null);
  const answer = await response?.json().catch(() => null);
  if (typeof answer !== "object" || answer === null || !("result" in answer)) throw unanswered();
  return answer.result;
}

// src/views/block.ts
function blockSection(chainId, blocks) {
  const verdict = element("div", { role: "status", class: "block-verdict" });
  const newest = blocks.at(-1) ?? blocks[0];
  const ask2 = (button, source) => {
    button.disabled = true;
    verdict.replaceChildren(element("p", { class: "dim" }, "Asking…"));
    void answered(source, chainId, newest).then((shown2) => verdict.replaceChildren(shown2)).finally(() => button.disabled = false);
  };
  const ways = [
    form(
      "trusted-hash",
      "A block hash that you trust",
      "0x…",
      "Compare",
      (text3) => verdict.replaceChildren(compared(blocks, text3))
    ),
    form("own-node", "Your own node", "https://…", "Ask it", (text3, button) => ask2(button, () => nodeAt(text3)))
  ];
  if (wallet() !== null) ways.push(walletButton((button) => ask2(button, wallet)));
  const text2 = `Is block ${newest.number} one of the chain’s? Ask a source of yours: not one that this indexer, or its owner, chose.`;
  return element("div", {}, element("h3", {}, "Compare the block"), element("p", {}, text2), ...ways, verdict);
}
function form(id, label, placeholder, action, submitted) {
  const field2 = element("input", { id, placeholder, required: true, autocomplete: "off", spellcheck: "false" });
  const button = element("button", { type: "submit" }, action);
  const submit = (event) => {
    event.preventDefault();
    submitted(field2.value.trim(), button);
  };
  return element("form", { class: "inline", submit }, element("label", { for: id }, label), field2, button);
}
function walletButton(ask2) {
  const button = element("button", { type: "button" }, "Ask this browser’s wallet");
  button.addEventListener("click", () => ask2(button));
  return element("p", {}, button);
}
async function answered(source, chainId, block) {
  try {
    const asked = source();
    if (!asked) throw new Trouble("There is no wallet any more.", "Reload the page.");
    return verdictOf(asked.name, await askedOf(asked, chainId, block), chainId, block);
  } catch (error) {
    if (error instanceof Trouble) return troubleBox(error, null);
    throw error;
  }
}
function compared(blocks, text2) {
  if (!isHex(text2, 32)) return troubleBox(new Trouble("This is no block hash.", "It is 0x and 64 digits."), null);
  const same = blocks.find(({ hash }) => hash === text2.toLowerCase());
  if (same)
    return outcome(
      true,
      `That is block ${same.number} of the proof. For whoever trusts that hash, the record is proven.`
    );
  const range = blocks.length === 1 ? "the proven block" : `any of the ${blocks.length} blocks of the proof`;
  return outcome(
    false,
    `That is not ${range}. If you took the hash at another height, take it at block ${blocks.at(-1)?.number ?? ""}; if at this one, do not rely on this answer.`
  );
}
function verdictOf(name, verdict, chainId, block) {
  switch (verdict.is) {
    case "same":
      return outcome(true, `${name} has this very block ${block.number}. For whoever trusts it, the record is proven.`);
    case "other":
      return outcome(
        false,
        `${name} has another block ${block.number}: ${verdict.hash}. Do not rely on this answer. The chain may just have been reorganised: check the proof anew, and ask again.`
      );
    case "unknown":
      return outcome(false, `${name} does not know block ${block.number} yet. Wait for it to catch up, and ask again.`);
    case "other-chain":
      return outcome(
        false,
        `${name} is on chain ${verdict.chainId}, not on chain ${chainId}. Let it follow that chain, or ask another.`
      );
  }
}
var outcome = (good, text2) => element(
  "p",
  { class: `outcome ${good ? "good" : "bad"}` },
  icon(good ? "active" : "revoked"),
  element("span", {}, text2)
);

// src/views/proof.ts
function proofSection(subject, signal) {
  const result = element("div", { role: "status" });
  const button = element("button", { type: "button", class: "primary" }, "Check the proof in this browser");
  const check = async () => {
    button.disabled = true;
    result.replaceChildren(element("p", { class: "dim" }, "Asking for the proof, and checking it…"));
    try {
      result.replaceChildren(...await checked(subject, signal));
      button.textContent = "Check anew";
    } catch (error) {
      if (error instanceof Trouble) result.replaceChildren(troubleBox(error, () => void check()));
      else if (!signal.aborted) throw error;
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => void check());
  const text2 = "The indexer is not believed: this browser can recompute everything from the registry's storage up to a block's hash.";
  const section = element(
    "section",
    { class: "card" },
    element("h2", {}, "Proof"),
    element("p", {}, text2),
    button,
    result
  );
  return {
    element: section,
    outdated: () => {
      if (!result.hasChildNodes()) return;
      result.replaceChildren(
        element("p", { class: "note" }, "The chain has moved on since the proof was checked. Check it anew.")
      );
    }
  };
}
async function checked(subject, signal) {
  const { scope: scope2, owner, label, registry: registry2 } = subject;
  const answer = await record2(scope2, owner, label, { proof: "latest" }, signal);
  if (answer.proof === void 0 || answer.proof === null) {
    throw new Trouble(
      "The indexer sent no proof.",
      "Its node may not serve proofs; try again, or tell whoever runs it."
    );
  }
  const asked = { chainId: scope2.chainId, registry: registry2, owner, label: labelBytes(label) ?? ZERO_WORD };
  try {
    const proof = readRecordProof(answer.proof);
    const proven = await verifyRecordProof(proof, asked);
    const differing = differences(answer.record, proven, answer.tip.timestamp);
    if (differing.length > 0) return [contradicted(answer, proven, differing), saved(answer.proof)];
    return [...held(subject, proven), saved(answer.proof)];
  } catch (error) {
    if (error instanceof Fault || error instanceof Misshapen) return [refused2(error.message), saved(answer.proof)];
    throw error;
  }
}
function refused2(why) {
  return element(
    "div",
    { class: "outcome bad" },
    element("h3", {}, icon("revoked"), "The proof does not hold"),
    element("p", {}, `It was refused: ${why}.`),
    element(
      "p",
      {},
      "Do not rely on what this indexer says of this record. Try again; if it stays so, ask another indexer, or a node."
    )
  );
}
function contradicted(answer, proven, differing) {
  const at = proven.blocks[0].number;
  const apart = at === answer.tip.number ? "" : ` The proof is of block ${at}, the answer of block ${answer.tip.number}: if the record changed between them, checking anew settles it.`;
  return element(
    "div",
    { class: "outcome bad" },
    element("h3", {}, icon("revoked"), "The indexer says another thing than it proves"),
    element("ul", {}, ...differing.map((text2) => element("li", {}, text2))),
    element("p", {}, `Do not rely on what this indexer says of this record.${apart}`)
  );
}
function held(subject, proven) {
  const block = proven.blocks[0];
  const what = proven.record === null ? "had nothing registered here" : "held exactly this record";
  return [
    element(
      "div",
      { class: "outcome good" },
      element(
        "h3",
        {},
        icon("active"),
        element("span", {}, "The proof holds, under one block’s hash ", ...stood(proven))
      ),
      element(
        "ol",
        { class: "steps" },
        ...steps(subject, proven).map((step) => element("li", {}, icon("active"), element("span", {}, ...step)))
      )
    ),
    element("h3", {}, "What it proves, and what it does not"),
    element(
      "ul",
      {},
      element(
        "li",
        {},
        `At block ${block.number} (${moment(block.timestamp)}, ${distance(block.timestamp)}) the registry ${what}, if that block is one of chain ${subject.scope.chainId}’s.`
      ),
      element(
        "li",
        {},
        "It does not prove that the block is one of the chain’s: no proof can. Compare it below with a source of yours."
      ),
      element(
        "li",
        {},
        "It says nothing of later blocks: a revocation after it is not in it. History, transactions and the feed are not part of it either."
      ),
      element(
        "li",
        {},
        "This page came from the indexer, too. Where much depends on it, save the proof and check it with ",
        element("code", {}, "countersign verify"),
        "."
      )
    ),
    blockSection(subject.scope.chainId, proven.blocks)
  ];
}
function stood({ record: found, blocks }) {
  return found === null ? [] : [badge(statusAt(found.fields, blocks[0].timestamp))];
}
function steps({ registry: registry2, owner }, { blocks, record: found, bundle }) {
  const [first] = blocks;
  const newest = blocks.at(-1) ?? first;
  const headers = blocks.length === 1 ? [`The header hashes to block ${first.number}: `, hexText(first.hash)] : [
    `${counted(blocks.length, "header")}, each the parent of the next, lead to block ${newest.number}: `,
    hexText(newest.hash)
  ];
  const usual = registry2 === REGISTRY_ADDRESS ? "where it lies on every chain" : "not where Countersign's own lies: make sure that you mean this one";
  const account = [
    "Its state root holds the account ",
    hexText(registry2),
    ` with the registry’s code (${usual}).`
  ];
  if (found === null)
    return [
      headers,
      account,
      ["The registry’s storage has nothing for ", hexText(owner), " under this label: its absence is proven."]
    ];
  const withBundle = bundle === ZERO_WORD ? "no bundle" : "a bundle’s hash";
  return [
    headers,
    account,
    ["The registry’s storage holds the record’s word, ", hexText(found.word), `, and ${withBundle}.`],
    keyStep(found.isPinned, found.key),
    ["Status, signer and every term above are what that word says."]
  ];
}
function keyStep(isPinned, key) {
  if (key === null)
    return ["The word names the key’s fingerprint; the X coordinate above gives a key with that fingerprint."];
  const from = isPinned ? "The X coordinate is stored, too, and" : "The key is not stored, but came along, and";
  return [`${from} the signer is its key’s fingerprint: `, hexText(key)];
}
function saved(proof) {
  const save = () => {
    const address2 = URL.createObjectURL(
      new Blob([`${JSON.stringify(proof, null, 2)}
`], { type: "application/json" })
    );
    element("a", { href: address2, download: "record-proof.json" }).click();
    URL.revokeObjectURL(address2);
  };
  return element("p", {}, element("button", { type: "button", click: save }, "Save the proof"));
}

// src/views/record.ts
async function recordView(subject, registry2, signal) {
  const { scope: scope2, owner, label, block } = subject;
  const summary = element("section", { class: "card summary", "aria-labelledby": "record-heading" });
  const past = element("section", { class: "card" });
  const proof = proofSection({ ...subject, registry: registry2 }, signal);
  let shown2 = null;
  const load = async () => {
    const answer = await record2(scope2, owner, label, { block }, signal);
    if (shown2 === JSON.stringify(answer.record)) {
      summary.querySelector(".as-of")?.replaceWith(asOf(subject, answer.tip));
      return;
    }
    shown2 = JSON.stringify(answer.record);
    summary.replaceChildren(...summaryOf(subject, answer));
    const known = answer.record !== null || block !== null;
    past.replaceChildren(...known ? await pastOf(subject, signal) : []);
    past.hidden = !known;
  };
  const again = coalesced(
    () => load().catch((error) => {
      shown2 = null;
      if (error instanceof Trouble) summary.replaceChildren(troubleBox(error, again));
      else if (!signal.aborted) throw error;
    }),
    RELOAD_REST
  );
  await load();
  const name = element("code", { class: "hex" }, checksummed(owner));
  const title = heading(element("span", { class: "label" }, labelled(label)), name);
  title.id = "record-heading";
  return {
    title: `${labelled(label)} of ${checksummed(owner)}`,
    body: [title, summary, ...block === null ? [proof.element] : [], past],
    told: (event) => {
      if (!concerns(event, owner, label)) return;
      proof.outdated();
      shown2 = null;
      again();
    },
    ...block === null && { renewed: again }
  };
}
var concerns = (event, owner, label) => event.kind === "reorganised" || event.owner === owner && (event.label === null || event.label === label);
function summaryOf({ scope: scope2, owner, label, block }, { tip: tip2, record: found }) {
  const source = asOf({ block }, tip2);
  const now = element("p", { class: "note" }, `This is how it was at the end of block ${block}. `);
  now.append(element("a", { href: recordLink(scope2, owner, label) }, "Show how it is now"));
  const then = block === null ? [] : [now];
  if (found === null) {
    const text2 = block === null ? "Nothing is registered here." : "Nothing was registered here yet.";
    const hint = "Check the address and the label, and the chain above.";
    return [...then, element("p", { class: "verdict" }, element("strong", {}, text2)), element("p", {}, hint), source];
  }
  return [
    ...then,
    element("p", { class: "verdict" }, badge(found.status), element("span", {}, meaning(found))),
    source,
    fieldsOf(scope2, found),
    blockForm(scope2, owner, label)
  ];
}
function asOf({ block }, tip2) {
  if (block !== null) return element("p", { class: "dim as-of" }, `As of block ${block}.`);
  const finality = tip2.finalized < tip2.number ? ` Blocks up to ${tip2.finalized} are final.` : "";
  const told = tip2.toldThrough === null ? "" : " What the index has of events is an endpoint’s word; the proof below is not.";
  const text2 = `As of block ${tip2.number}, `;
  return element("p", { class: "dim as-of" }, text2, when(tip2.timestamp), `.${finality}${told}`);
}
function fieldsOf(scope2, found) {
  const rows = [
    ["Signer", copiable(checksummed(found.signer), "the signer")],
    ["Version", String(found.version)],
    ["Key", found.pinned ? "pinned: the chain holds it whole" : "compact: the chain holds its fingerprint alone"],
    ["X coordinate", copiable(found.x, "the X coordinate")],
    ["Signs with", found.scheme === "ecdsa" ? "ECDSA" : "Schnorr"],
    ["Weakest suite", suiteFloor(found.suiteFloor)],
    ["Anchored", `${moment(found.anchoredAt)} (${distance(found.anchoredAt)})`],
    ["Valid until", found.validUntil === null ? "no end set" : moment(found.validUntil)],
    ["Bundle", found.bundle === null ? "none" : copiable(found.bundle, "the bundle's hash")],
    ["Last change", `block ${found.changed.block}, ${distance(found.changed.timestamp)}`],
    ["Owner's records", element("a", { href: searchLink(scope2, found.owner) }, "all of this address")]
  ];
  const list2 = element("dl", {});
  for (const [name, ...values] of rows) list2.append(element("dt", {}, name), element("dd", {}, ...values));
  return list2;
}
function blockForm(scope2, owner, label) {
  const field2 = element("input", {
    id: "at-block",
    inputmode: "numeric",
    pattern: "[0-9]{1,15}",
    required: true,
    autocomplete: "off"
  });
  const go = (event) => {
    event.preventDefault();
    location.hash = recordLink(scope2, owner, label, Number(field2.value));
  };
  return element(
    "form",
    { class: "inline", submit: go },
    element("label", { for: "at-block" }, "As it was at block"),
    field2,
    element("button", { type: "submit" }, "Show")
  );
}
async function pastOf({ scope: scope2, owner, label }, signal) {
  const [events, appointed] = await Promise.all([
    historySection(scope2, owner, label, signal),
    operators(scope2, owner, signal)
  ]);
  const parts = [element("h2", {}, "History"), ...events];
  if (appointed.length === 0) return parts;
  const lines = appointed.map(
    ({ operator: operator2, until }) => element(
      "li",
      {},
      copiable(checksummed(operator2), "the operator"),
      element("span", { class: "dim" }, `until ${moment(until)}`)
    )
  );
  const text2 = "These accounts may rotate and revoke for the owner, under every label:";
  return [
    ...parts,
    element("h2", {}, "Operators"),
    element("p", {}, text2),
    element("ul", { class: "plain" }, ...lines)
  ];
}
var RELOAD_REST = 300;

// src/views/search.ts
async function searchView(scope2, text2, signal) {
  const query = readQuery(text2);
  const elsewhere = otherChain(scope2, query);
  const asked = questions(query);
  const answers = await Promise.all(asked.map(({ by }) => records(scope2, by, null, signal)));
  const title = `Search for ${text2}`;
  const found = asked.map((question, position) => ({ ...question, answer: answers[position] })).filter((each) => (each.answer?.records.length ?? 0) > 0);
  const sections = found.map(
    ({ heading: name, by, answer }) => element(
      "section",
      { class: "card" },
      element("h2", {}, name),
      recordList(scope2, answer, (cursor) => records(scope2, by, cursor, signal))
    )
  );
  const body = [heading("Found for ", element("span", { class: "hex" }, text2)), ...elsewhere, ...sections];
  if (found.length === 0) body.push(nothing(scope2, query));
  return { title, body };
}
function questions(query) {
  switch (query.kind) {
    case "address":
      return [
        { heading: "Owned by this address", by: { owner: query.address } },
        { heading: "Signed for by this address", by: { signer: query.address } }
      ];
    case "record":
      return [{ heading: "Owned by this address", by: { owner: query.owner } }];
    case "key":
      return [{ heading: "With this public key", by: { key: query.key } }];
    case "label":
      return [{ heading: "With this label", by: { label: query.label } }];
  }
}
function otherChain(scope2, query) {
  const chainId = "chainId" in query ? query.chainId : null;
  if (chainId === null || chainId === scope2.chainId) return [];
  const there = { chainId, registry: null };
  const text2 = `You asked for chain ${chainId}, and this is what chain ${scope2.chainId} has. `;
  return [element("p", { class: "note" }, text2, element("a", { href: homeLink(there) }, `Go to chain ${chainId}`))];
}
function nothing(scope2, query) {
  const prove = query.kind === "address" ? element("p", {}, element("a", { href: recordLink(scope2, query.address, "") }, "Prove that it has no record")) : null;
  return element(
    "section",
    { class: "card" },
    element("p", {}, element("strong", {}, "Nothing is registered under this.")),
    element(
      "p",
      {},
      "Check what you typed, and the chain above. What a registry does not have, this page does not show."
    ),
    prove
  );
}

// src/main.ts
var PROGRESS_EVERY = 5e3;
var PROGRESS_REST = 1e3;
var main = byId("main");
var chains = byId("chain");
var field = byId("search-text");
var indexed = [];
var scope = null;
var following = null;
var shown = null;
var asking = new AbortController();
async function start() {
  try {
    indexed = await registries();
    if (indexed.length === 0) {
      throw new Trouble(
        "Nothing is indexed here.",
        "Whoever runs this indexer must name a registry in its configuration."
      );
    }
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    main.replaceChildren(
      heading("Not now"),
      troubleBox(error, () => void start())
    );
    return;
  }
  chains.replaceChildren(...indexed.map((registry2) => new Option(nameOf2(registry2), homeLink(scopeOf(registry2)))));
  await show(false);
  setInterval(progress, PROGRESS_EVERY);
}
async function show(focus) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const route = readRoute(location.hash);
  main.setAttribute("aria-busy", "true");
  follow(route);
  let view;
  try {
    view = await viewOf(route, signal);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Trouble)) throw error;
    view = { title: "Not now", body: [heading("Not found out"), troubleBox(error, () => void show(true))] };
  }
  if (signal.aborted) return;
  shown = view;
  document.title = `${view.title} · Countersign`;
  main.replaceChildren(...view.body);
  main.removeAttribute("aria-busy");
  if (focus) main.querySelector("h1")?.focus();
}
function viewOf(route, signal) {
  if (route.view === "lost" || scope === null) {
    throw new Trouble("This address leads nowhere.", "Search for what you look for, or go to the first page.");
  }
  const registry2 = registryOf(scope);
  if (registry2 === null) {
    throw new Trouble(`Chain ${scope.chainId} is not indexed here.`, "Choose one of the chains above.");
  }
  switch (route.view) {
    case "home":
      return homeView(scope, indexed, signal);
    case "search":
      return searchView(scope, route.text, signal);
    case "record":
      return recordView({ ...route, scope }, registry2, signal);
  }
}
function follow(route) {
  const first = indexed[0];
  const wanted = (route.view === "lost" ? scope : route.scope) ?? scope ?? (first ? scopeOf(first) : null);
  if (wanted === null || scope?.chainId === wanted.chainId && scope.registry === wanted.registry) return;
  scope = wanted;
  chains.value = homeLink(wanted);
  drawProgress();
  following?.stop();
  following = null;
  if (registryOf(wanted) === null) return;
  const feed = new Feed(wanted);
  following = new Following(wanted, {
    told: (event) => {
      feed.told(event);
      shown?.told?.(event);
      progress();
    },
    connection: (state) => {
      feed.connection(state);
      if (state === "live") shown?.renewed?.();
    }
  });
}
var progress = coalesced(async () => {
  if (document.hidden) return;
  try {
    const before = tipOf(scope);
    indexed = await registries();
    drawProgress();
    if (tipOf(scope) !== before) shown?.renewed?.();
  } catch {
    byId("progress").replaceChildren(element("span", { class: "pill behind" }, "the indexer cannot be reached"));
  }
}, PROGRESS_REST);
function drawProgress() {
  const about = scope;
  const current = about && indexed.find((registry2) => isOf(registry2, about));
  byId("progress").replaceChildren(...current ? [lagText(current)] : []);
}
function search(event) {
  event.preventDefault();
  const problem = byId("search-problem");
  problem.replaceChildren();
  field.removeAttribute("aria-invalid");
  if (scope === null) return;
  try {
    const query = readQuery(field.value);
    const chainId = "chainId" in query ? query.chainId : null;
    const there = chainId !== null && indexed.some((registry2) => registry2.chainId === chainId);
    const where = there && chainId !== scope.chainId ? { chainId, registry: null } : scope;
    const link2 = query.kind === "record" ? recordLink(where, query.owner, query.label) : searchLink(where, field.value.trim());
    if (location.hash === link2) void show(true);
    else location.hash = link2;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    field.setAttribute("aria-invalid", "true");
    problem.textContent = `${error.message} ${error.advice}`;
    field.focus();
  }
}
var tipOf = (about) => (about && indexed.find((registry2) => isOf(registry2, about))?.tip?.hash) ?? null;
var isOf = (registry2, { chainId, registry: address2 }) => registry2.chainId === chainId && (address2 === null || registry2.registry === address2);
var registryOf = (wanted) => indexed.find((registry2) => isOf(registry2, wanted))?.registry ?? null;
function scopeOf({ chainId, registry: registry2 }) {
  const isOnly = indexed.filter((other) => other.chainId === chainId).length === 1;
  return { chainId, registry: isOnly ? null : registry2 };
}
function nameOf2(registry2) {
  const { registry: address2 } = scopeOf(registry2);
  return `Chain ${registry2.chainId}${address2 ? `, ${address2.slice(0, 8)}…` : ""}`;
}
function skip(event) {
  event.preventDefault();
  byId("main-start").focus();
}
byId("search").addEventListener("submit", search);
byId("skip").addEventListener("click", skip);
chains.addEventListener("change", () => location.hash = chains.value);
addEventListener("hashchange", () => void show(true));
void start();
