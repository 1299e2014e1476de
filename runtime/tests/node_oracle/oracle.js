// Answers questions about JavaScript, one JSON line each way. Values travel as JSON:
// null, true, [..] are themselves; {"u":1} undefined, {"d":"3ff0…"} a number's bits, {"s":".."} a string, {"o":[[key, value]..]}.
'use strict';
const view = new DataView(new ArrayBuffer(8));
const isObject = v => typeof v === 'object' && v !== null;

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
const text = v => isObject(v) ? JSON.stringify(v) : v;

// Departure 3: contents are compared.
function equal(a, b) {
  if (!isObject(a) || !isObject(b)) return a === b;
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
  text: (...all) => all.map(v => v === undefined || v === null ? '' : String(text(v))).join(''),
  // Departure 1, and nothing is inherited.
  index: (a, k) => a === null || a === undefined || !Object.hasOwn(Object(a), k) ? undefined : a[k],
};

const textArguments = {
  __proto__: null,
  includes: [0], startsWith: [0], endsWith: [0], indexOf: [0], lastIndexOf: [0], replace: [0, 1], replaceAll: [0, 1],
  split: [0], padStart: [1], padEnd: [1], concat: [0, 1, 2, 3],
};

function method(name, receiver, args) {
  if (name === 'toString' && isObject(receiver)) return JSON.stringify(receiver);
  if (typeof receiver === 'string') {
    for (const at of textArguments[name] ?? []) if (at < args.length) args[at] = text(args[at]);
  }
  if (Array.isArray(receiver)) {
    if (name === 'join') return receiver.map(text).join(...args.map(text));
    if (name === 'sort') {
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

function answer({ ask, name, args }) {
  switch (ask) {
    case 'operator': return operators[name](...args.map(decode));
    case 'method': { const [receiver, ...rest] = args.map(decode); return method(name, receiver, rest); }
    case 'global': return (globals[name] ?? name.split('.').reduce((o, k) => o[k], globalThis))(...args.map(decode));
    case 'arrow': { const [receiver, ...rest] = args.map(decode); const [m, f] = name.split(':'); return receiver[m](eval(f), ...rest); }
    case 'constant': return Math[name];
    // The canonical text of a document, and of the values at some paths.
    case 'document': {
      const [source, paths] = args;
      // Read again, as everybody downstream does: a number beyond a double's range is null by then.
      const root = JSON.parse(JSON.stringify(JSON.parse(source)));
      const at = path => path.reduce((v, k) => isObject(v) && !Array.isArray(v) && Object.hasOwn(v, k) ? v[k] : undefined, root);
      return [JSON.stringify(root), ...paths.map(path => {
        const v = at(path);
        return [JSON.stringify(v), Boolean(v), v === null || v === undefined ? undefined : Object.hasOwn(Object(v), 'length') ? v.length : undefined];
      })];
    }
  }
  throw new Error('unknown question ' + ask);
}

require('readline').createInterface({ input: process.stdin }).on('line', line => {
  const question = JSON.parse(line);
  let reply;
  try { reply = encode(answer(question)); } catch (error) {
    reply = error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError ? '"throws"' : JSON.stringify('bad question: ' + error);
  }
  process.stdout.write(reply + '\n');
});
