// The back end for the front end. It holds the key, so that no browser does, and asks the service two things and nothing else.
// SERVICE_URL, API_KEY_FILE and PORT are its settings. Put your own login where `isOurs` is: whoever reaches it is answered.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const service = process.env.SERVICE_URL ?? "http://127.0.0.1:8000";
const keyFile = process.env.API_KEY_FILE;
const pages = fileURLToPath(new URL("./dist/", import.meta.url));
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };
const ways = { "POST /api/predict": "/predict?explain=3", "GET /api/model": "/v1/model" };
const headers = { "content-security-policy": "default-src 'self'; img-src data:", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

if (!keyFile) throw new Error("API_KEY_FILE must name the file with this application's key");

// Another site's page may not ask in the name of somebody who is logged in here.
const isOurs = (request) => ["same-origin", "none", undefined].includes(request.headers["sec-fetch-site"]);

async function body(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > 65_536) throw Object.assign(new Error("too large"), { status: 413 });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function asked(request, path) {
  const key = (await readFile(keyFile, "utf8")).trim(); // read anew, so that a renewed key counts at once
  const sent = request.method === "POST" ? { body: await body(request) } : {};
  const asking = { method: request.method, headers: { "x-api-key": key, "content-type": "application/json" }, signal: AbortSignal.timeout(10_000), ...sent };
  const answer = await fetch(service + path, asking);
  // A key of ours that is refused is our fault, not that of who looks at the page.
  const status = answer.status === 401 ? 502 : answer.status;
  return { status, type: answer.headers.get("content-type"), text: Buffer.from(await answer.arrayBuffer()) };
}

async function page(url) {
  const name = /^\/assets\/[\w.-]+$/.test(url) ? url : "/index.html";
  return { status: 200, type: types[extname(name)] ?? "application/octet-stream", text: await readFile(join(pages, name)) };
}

const server = createServer(async (request, response) => {
  const way = ways[`${request.method} ${request.url}`];
  const problem = (status, detail) => ({ status, type: "application/problem+json", text: JSON.stringify({ title: "Refused", status, detail }) });
  let answer;
  try {
    if (!isOurs(request)) answer = problem(403, "This page is not ours.");
    else if (way) answer = await asked(request, way);
    else if (request.method === "GET" && !request.url.startsWith("/api/")) answer = await page(request.url);
    else answer = problem(404, "There is no such thing here.");
  } catch (error) {
    console.error(error.cause?.code ?? error.code ?? error.name); // never what was asked
    answer = problem(error.status ?? 502, "The service cannot be reached at the moment.");
  }
  response.writeHead(answer.status, { ...headers, "content-type": answer.type, "cache-control": "no-store" }).end(answer.text);
});
server.listen(Number(process.env.PORT ?? 3000), process.env.ADDRESS ?? "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
