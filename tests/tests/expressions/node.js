// Evaluates what node.rs sends, one JSON line each way. How values travel: departures.js.
'use strict';
const departures = require('../../../runtime/tests/node_oracle/departures.js');
const { encode, globals, isMissing, isObject, method, operators, text } = departures;

let departed = false;
departures.departed = () => { departed = true; };
const depart = value => { departed = true; return value; };

// The texts of the data, read anew for each evaluation: `sort` changes what it is called on.
let data;

function fresh() {
  // Read twice, as everybody downstream does: a number beyond a double's range is null by then.
  const read = source => JSON.parse(JSON.stringify(JSON.parse(source)));
  const names = Object.fromEntries(Object.entries(data.names).map(([name, source]) => [name, source === null ? undefined : read(source)]));
  return { names, env: data.env };
}

// What the translation of an expression calls.
const calls = {
  ...operators,
  get: (o, name) => operators.index(o, name),
  at: (o, key) => isMissing(o) ? depart(undefined) : operators.index(o, key()),
  call: (o, name, args) => isMissing(o) ? depart(undefined) : method(name, o, args()),
  global: name => globals[name] ?? name.split('.').reduce((o, k) => o[k], globalThis),
  // Mixed text leaves as UTF-8.
  template: (...parts) => parts.map(v => {
    const piece = isMissing(v) ? depart('') : String(text(v));
    return piece.isWellFormed() ? piece : depart(piece.toWellFormed());
  }).join(''),
};

function translated(source) {
  const { names, env } = fresh();
  const field = name => Object.hasOwn(names.input_data, name) ? names.input_data[name] : undefined;
  return new Function('$', `return (${source});`)({ ...calls, names, env, field });
}

// The very text of the workflow.
function unchanged(source) {
  const { names, env } = fresh();
  const fields = Object.fromEntries(data.fields.map(name => [name, Object.hasOwn(names.input_data, name) ? names.input_data[name] : undefined]));
  const all = { ...fields, ...env, ...names };
  return new Function(...Object.keys(all), `return (${source}\n);`)(...Object.values(all));
}

function outcome(evaluate, source) {
  try {
    return encode(evaluate(source));
  } catch (error) {
    const usual = [TypeError, RangeError].some(kind => error instanceof kind) || (error instanceof SyntaxError && error.message.includes('JSON'));
    return usual ? '"throws"' : JSON.stringify(`${error}`);
  }
}

require('readline').createInterface({ input: process.stdin }).on('line', line => {
  const question = JSON.parse(line);
  if (question.data) {
    data = question.data;
    return;
  }
  departed = false;
  const is = outcome(translated, question.translated);
  const same = departed || question.unchanged === null ? '' : outcome(unchanged, question.unchanged);
  process.stdout.write(`${is}\t${departed ? 'departed' : ''}\t${same}\n`);
});
