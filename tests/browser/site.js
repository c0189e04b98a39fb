// A host of files on loopback, with the Content-Security-Policy that the package's README gives.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after } from "node:test";
import { executedBlocks, PACKAGE } from "../node/project.js";

const [policy] = await executedBlocks(join(PACKAGE, "README.md"), "csp");
export const CSP = policy.trim();

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

const servers = [];
after(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

/**
 * Serves a folder, and in front of it `answers`: by path, what to say there instead, as text, as `{ status, type, body }`, or
 * as a function that gives this. Gives the address of its root.
 */
export async function serve(folder, { csp = CSP, answers = {} } = {}) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname.replace(/\/$/, "/index.html");
    const { status = 200, type = TYPES[extname(path)], body } = await found(folder, path, answers);
    response.writeHead(status, {
      "Content-Type": type ?? "application/octet-stream",
      ...(csp === null ? {} : { "Content-Security-Policy": csp }),
    });
    response.end(body);
  });
  await new Promise((ready) => server.listen(0, "localhost", ready));
  servers.push(server);
  return `http://localhost:${server.address().port}/`;
}

async function found(folder, path, answers) {
  const given = answers[path];
  const answer = typeof given === "function" ? await given() : given;
  if (answer !== undefined) {
    return typeof answer === "string" ? { body: answer } : answer;
  }
  try {
    return { body: await readFile(join(folder, path)) };
  } catch {
    return { status: 404, type: "text/plain", body: "there is no such file" };
  }
}
