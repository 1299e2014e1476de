// Answers questions about JavaScript, one JSON line each way. How values travel: departures.js.
'use strict';
const { decode, encode, globals, isObject, method, operators } = require('./departures.js');

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
