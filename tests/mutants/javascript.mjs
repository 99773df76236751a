// Lists mistakes to put into JavaScript files: Stryker makes them. In and out are those of python.py.
//
//     cd _build/mutants/js && node javascript.mjs < files

import { readFileSync } from "node:fs";
import { parse } from "@babel/parser";
import { Instrumenter } from "@stryker-mutator/instrumenter";

const silent = { isDebugEnabled: () => false, debug() {}, info() {}, warn() {} };

/** Where each line of a text begins. */
function starts(source) {
  return [0, ...[...source.matchAll(/\n/g)].map((match) => match.index + 1)];
}

/** What Stryker changes, `{ operator, line, source }`; an error's words stay. */
async function byStryker({ file, source }) {
  const instrumenter = new Instrumenter(silent);
  const lines = source.split("\n");
  const files = [{ name: file, mutate: true, content: source }];
  const { mutants } = await instrumenter.instrument(files, { ignorers: [], excludedMutations: [] });
  const begins = starts(source);
  const at = ({ line, column }) => begins[line] + column;
  const words = ({ mutatorName, location }) =>
    mutatorName === "StringLiteral" && lines[location.start.line].includes("Error(");
  return mutants
    .filter((mutant) => !words(mutant))
    .map(({ mutatorName, location, replacement }) => ({
      operator: mutatorName,
      line: location.start.line + 1,
      source: source.slice(0, at(location.start)) + replacement + source.slice(at(location.end)),
    }));
}

/** What Stryker leaves alone: numbers, one up. */
function numbers({ source }) {
  const { tokens } = parse(source, { sourceType: "module", tokens: true });
  return tokens
    .filter((token) => token.type.label === "num")
    .map(({ value, start, end, loc }) => ({
      operator: "Number",
      line: loc.start.line,
      source: `${source.slice(0, start)}${value + 1}${source.slice(end)}`,
    }));
}

const given = JSON.parse(readFileSync(0, "utf8"));
const found = [];
for (const file of given) found.push([...(await byStryker(file)), ...numbers(file)]);
process.stdout.write(JSON.stringify(found));
