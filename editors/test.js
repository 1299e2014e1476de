// Reads every .flow file of the examples and of the tests' right tiers with the grammar, as an editor does, and compares what
// it takes for comments, texts, keywords and keys with what these are.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const here = dirname(fileURLToPath(import.meta.url));
const wasm = readFileSync(createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (scope) =>
    scope === "source.flow"
      ? textmate.parseRawGrammar(readFileSync(join(here, "flow.tmLanguage.json"), "utf8"), "flow.tmLanguage.json")
      : null,
});
const grammar = await registry.loadGrammar("source.flow");

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name === "target" || name === "node_modules") continue;
    if (statSync(path).isDirectory()) yield* files(path);
    else if (name.endsWith(".flow")) yield path;
  }
}

const KEYWORD = /^(workflow|type|api|smtp|flow|webhook|manual|schedule|http|mail|filter|transform|rust)\b/;
let seen = 0;
let wrong = 0;
const complain = (path, line, message) => {
  wrong += 1;
  console.error(`${path}:${line + 1}: ${message}`);
};
const root = join(here, "..");
const folders = ["examples", "tests/ok", "tests/same", "compiler/src/cli/new"];
for (const path of folders.flatMap((folder) => [...files(join(root, folder))])) {
  seen += 1;
  let stack = textmate.INITIAL;
  readFileSync(path, "utf8").split("\n").forEach((line, number) => {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    const at = (column) => result.tokens.find((token) => token.startIndex <= column && column < token.endIndex)?.scopes.join(" ") ?? "";
    // The extent of every text and comment, found without the grammar.
    let text = false;
    let comment = false;
    for (let column = 0; column < line.length; column += 1) {
      const character = line[column];
      if (!text && line.startsWith("//", column)) comment = true;
      if (comment) {
        if (!at(column).includes("comment.line")) { complain(path, number, `column ${column + 1} is a comment, not ${at(column)}`); return; }
        continue;
      }
      const opens = !text && character === '"';
      if (text || opens) {
        if (!at(column).includes("string.quoted.double")) { complain(path, number, `column ${column + 1} is text, not ${at(column)}`); return; }
      } else if (at(column).includes("string.") || at(column).includes("comment.")) {
        complain(path, number, `column ${column + 1} is no text, but ${at(column)}`);
        return;
      } else if (/\S/.test(character) && at(column) === "source.flow") {
        complain(path, number, `column ${column + 1}, \`${character}\`, means nothing to the grammar`);
        return;
      }
      if (text && character === "\\") column += 1;
      else if (character === '"') text = !text;
    }
    if (KEYWORD.test(line) && !at(0).includes("keyword.declaration")) complain(path, number, `a keyword, not ${at(0)}`);
    const key = line.match(/^ {4}([a-z_]+): /);
    if (key && !at(4).includes("variable.other.property")) complain(path, number, `\`${key[1]}\` is a key, not ${at(4)}`);
    for (const arrow of line.matchAll(/(?<=^[^"]*) (->|=>) (?=[a-z-]+( |$|\{))/g)) {
      const scope = at(arrow.index + 1);
      if (!scope.includes("keyword.operator")) complain(path, number, `an arrow, not ${scope}`);
    }
  });
}
if (seen < 5) complain("editors/test.js", 0, `only ${seen} files found`);
console.log(`${seen} files, ${wrong} mistakes`);
process.exit(wrong === 0 ? 0 : 1);
