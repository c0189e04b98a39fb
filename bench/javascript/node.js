// `node node.js VAULT`: the comparisons in Node. Prints the figures as JSON. The key comes on standard input.

import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { compare } from "./jobs.js";

console.log(JSON.stringify(await compare(await readFile(process.argv[2]), await text(process.stdin))));
