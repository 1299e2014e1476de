// What the tests take for true about the language: values as they travel between Rust and Node, and JavaScript's operators,
// methods and globals with the departures of the language made explicit. Whoever sets `exports.departed` is told whenever a
// departure makes a difference.
// Values travel as JSON: null, true, [..] are themselves; {"u":1} undefined, {"d":"3ff0…"} a number's bits, {"s":".."} a
// string, {"o":[[key, value]..]} an object.
'use strict';
exports.departed = () => {};
function departed(value) { exports.departed(); return value; }

const view = new DataView(new ArrayBuffer(8));
const isObject = v => typeof v === 'object' && v !== null;
const isMissing = v => v === undefined || v === null;

function decode(v) {
  if (Array.isArray(v)) return v.map(decode);
  if (!isObject(v)) return v;
  if (v.d === 'NaN') return NaN;
  if ('d' in v) { view.setBigUint64(0, BigInt('0x' + v.d)); return view.getFloat64(0); }
  if ('s' in v) return v.s;
  if ('o' in v) return Object.fromEntries(v.o.map(([key, value]) => [key, decode(value)]));
  return undefined;
}

function encode(v) {
  if (v === undefined) return '{"u":1}';
  if (typeof v === 'number') {
    view.setFloat64(0, v);
    return `{"d":"${Number.isNaN(v) ? 'NaN' : view.getBigUint64(0).toString(16).padStart(16, '0')}"}`;
  }
  if (typeof v === 'string') return `{"s":${JSON.stringify(v)}}`;
  if (Array.isArray(v)) return `[${v.map(encode).join(',')}]`;
  if (isObject(v)) return `{"o":[${Object.entries(v).map(([k, x]) => `[${JSON.stringify(k)},${encode(x)}]`).join(',')}]}`;
  return String(v);
}

// Departure 2: text of an object or array is compact JSON.
const text = v => isObject(v) ? departed(JSON.stringify(v)) : v;

// Departure 3: contents are compared.
function equal(a, b) {
  if (!isObject(a) || !isObject(b)) return a === b;
  departed();
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(k => Object.hasOwn(b, k) && equal(a[k], b[k]));
}

const operators = {
  __proto__: null,
  add: (a, b) => text(a) + text(b), sub: (a, b) => a - b, mul: (a, b) => a * b, div: (a, b) => a / b, rem: (a, b) => a % b,
  equals: (a, b) => isObject(a) && isObject(b) ? equal(a, b) : a == b, strict_equals: equal,
  less: (a, b) => a < b, less_or_equal: (a, b) => a <= b, greater: (a, b) => a > b, greater_or_equal: (a, b) => a >= b,
  neg: a => -a, plus: a => +a, truthy: a => Boolean(a),
  text: (...all) => all.map(v => isMissing(v) ? departed('') : String(text(v))).join(''),
  // Departure 1, and nothing is inherited.
  index: (a, k) => {
    if (isMissing(a)) return departed(undefined);
    k = isObject(k) ? String(k) : k;
    return Object.hasOwn(Object(a), k) ? a[k] : k in Object(a) ? departed(undefined) : undefined;
  },
};

// Ours is lower than JavaScript's.
const TEXT_MAX = 16 * 1024 * 1024;

const textArguments = {
  __proto__: null,
  includes: [0], startsWith: [0], endsWith: [0], indexOf: [0], lastIndexOf: [0], replace: [0, 1], replaceAll: [0, 1],
  split: [0], padStart: [1], padEnd: [1], concat: [0, 1, 2, 3],
};

function method(name, receiver, args) {
  if (name === 'toString' && isObject(receiver)) return text(receiver);
  if (['repeat', 'padStart', 'padEnd'].includes(name) && typeof receiver === 'string' && args[0] > TEXT_MAX) {
    if (receiver !== '' && args[1] !== '') throw departed(new RangeError('the text would be too long'));
  }
  if (typeof receiver === 'string') {
    for (const at of textArguments[name] ?? []) if (at < args.length) args[at] = text(args[at]);
  }
  if (Array.isArray(receiver)) {
    if (name === 'join') return receiver.map(text).join(...args.map(text));
    // Departure 3 again: objects are found by their contents.
    if (['includes', 'indexOf', 'lastIndexOf'].includes(name) && isObject(args[0])) {
      receiver = receiver.map(v => isObject(v) && equal(v, args[0]) ? args[0] : v);
    }
    // Nothing changes a value. What JavaScript would let the same expression see is refused at compile time.
    if (name === 'reverse' || name === 'sort') receiver = receiver.slice();
    if (name === 'sort' && typeof args[0] !== 'function') {
      const order = (a, b) => a < b ? -1 : a > b ? 1 : 0;
      return receiver.map(v => ({ v })).sort((a, b) =>
        a.v === undefined ? (b.v === undefined ? 0 : 1) : b.v === undefined ? -1 : order(String(text(a.v)), String(text(b.v)))
      ).map(({ v }) => v);
    }
  }
  return receiver[name](...args);
}

const globals = {
  __proto__: null,
  String: (...args) => String(...args.map(text)),
  'JSON.parse': t => JSON.parse(text(t)),
};

Object.assign(exports, { decode, encode, equal, globals, isMissing, isObject, method, operators, text });
