// `npm run image:check`: executes the Dockerfile step by step, without Docker. It copies the files that
// .dockerignore allows, installs, builds, and runs the image's command as an unprivileged user, with the image's version
// of Node. Then it runs the image's health check, stops the server as `docker stop` does, and pays for a service in the
// sandbox. It takes one or two minutes, mostly for the install, so it isn't part of `npm run verify`.
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("..", import.meta.url));

interface Instruction {
  name: string;
  rest: string;
}

/** A stage of the Dockerfile: its files, and the settings of its instructions. */
interface Stage {
  root: string;
  /** The working directory inside `root`. */
  directory: string;
  env: Record<string, string>;
  command: string[];
  healthCheck: string[];
  user: string;
}

const readText = (file: string): string => readFileSync(path.join(project, file), "utf8");

function parseDockerfile(): Instruction[] {
  const lines = readText("Dockerfile")
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n");
  return lines.flatMap((line) => {
    const [, name, rest] = /^([A-Z]+) +(.+)$/.exec(line.trim()) ?? [];
    return name === undefined || rest === undefined ? [] : [{ name, rest }];
  });
}

/**
 * Whether .dockerignore excludes a file. The last pattern that matches the path or one of its folders decides. A folder
 * stays if something in it does.
 */
function isIgnored(file: string): boolean {
  const relative = path.relative(project, file);
  const patterns = readText(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const matching = patterns.filter((pattern) => {
    const name = pattern.replace(/^!/, "");
    const isAbove = pattern.startsWith("!") && name.startsWith(`${relative}/`);
    return name === "*" || relative === name || relative.startsWith(`${name}/`) || isAbove;
  });
  return relative !== "" && matching.at(-1)?.startsWith("!") !== true;
}

/** Root runs the server as `nobody`, where the image uses `node`. Other users run it as themselves. */
const isRoot = process.getuid?.() === 0;
const unprivileged: SpawnOptions = isRoot ? { uid: 65_534, gid: 65_534 } : {};

const home = mkdtempSync(path.join(tmpdir(), "tollfree-image-"));
chmodSync(home, 0o755);

/** Packages that must not be in the image, since only development needs them. */
const DEVELOPMENT_ONLY = ["esbuild", "prisma", "tsx", "vitest"];

/** The search path for programs, with the image's version of Node first. */
const programPath = `${nodeOfImage()}${path.delimiter}${process.env["PATH"]}`;

/** Installs the version of Node that the image has, as test/outside-clients names it. Returns the folder of its program. */
function nodeOfImage(): string {
  const major = /^FROM node:(\d+)/m.exec(readText("Dockerfile"))?.[1];
  if (major === process.versions.node.split(".")[0]) return path.dirname(process.execPath);
  const { optionalDependencies: offered } = JSON.parse(readText("test/outside-clients/package.json")) as {
    optionalDependencies: Record<string, string>;
  };
  const name = `node-${process.platform}-${process.arch}`;
  const version = offered[name];
  if (version?.startsWith(`${major}.`) !== true)
    throw new Error(`test/outside-clients has no Node ${major} for this platform (${name})`);
  const folder = path.join(home, "node");
  mkdirSync(folder);
  execFileSync(
    "npm",
    ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${version}`],
    { cwd: folder },
  );
  return path.join(folder, "node_modules", name, "bin");
}

/** Executes all instructions of the Dockerfile. Returns the last stage. */
async function build(): Promise<Stage> {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const { name, rest } of parseDockerfile()) {
    if (name === "FROM") {
      const alias = / AS (\w+)$/.exec(rest)?.[1] ?? "final";
      const root = path.join(home, alias);
      stage = { root, directory: root, env: {}, command: [], healthCheck: [], user: "root" };
      stages.set(alias, stage);
    } else if (stage === undefined) throw new Error(`the Dockerfile has ${name} before FROM`);
    else await apply(stage, name, rest, stages);
  }
  if (stage === undefined) throw new Error("the Dockerfile has no stage");
  return stage;
}

async function apply(stage: Stage, name: string, rest: string, stages: Map<string, Stage>): Promise<void> {
  switch (name) {
    case "WORKDIR":
      stage.directory = path.join(stage.root, rest);
      mkdirSync(stage.directory, { recursive: true });
      return;
    case "ENV":
      for (const [, key, value] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[String(key)] = String(value);
      return;
    case "COPY":
      copy(stage, rest, stages);
      return;
    case "RUN":
      return run(stage, rest);
    case "USER":
      stage.user = rest;
      return;
    case "CMD":
      stage.command = JSON.parse(rest) as string[];
      return;
    case "HEALTHCHECK":
      stage.healthCheck = JSON.parse(rest.slice(rest.indexOf("["))) as string[];
      return;
    case "VOLUME":
    case "EXPOSE":
      return;
    default:
      throw new Error(`scripts/image-check.ts doesn't support the instruction ${name}. Add it there.`);
  }
}

function copy(stage: Stage, rest: string, stages: Map<string, Stage>): void {
  const words = rest.split(/ +/);
  const from =
    words[0]?.startsWith("--from=") === true ? stages.get(words.shift()?.slice(7) ?? "") : undefined;
  const target = words.pop() ?? "";
  for (const source of words) {
    const origin = from === undefined ? path.join(project, source) : path.join(from.root, source);
    const destination = path.resolve(
      stage.directory,
      target,
      target.endsWith("/") ? path.basename(source) : "",
    );
    const filter = from === undefined ? (file: string): boolean => !isIgnored(file) : (): boolean => true;
    cpSync(origin, destination, { recursive: true, verbatimSymlinks: true, filter });
  }
}

/** Runs a command of the Dockerfile. The image's paths and users are replaced by those of this check. */
async function run(stage: Stage, command: string): Promise<void> {
  const adapted = command
    .replaceAll(" /data", ` ${stage.root}/data`)
    .replace("-o node -g node", isRoot ? "-o 65534 -g 65534" : "");
  const env = { ...process.env, PATH: programPath, ...stage.env };
  await expectSuccess(
    spawn("/bin/sh", ["-c", adapted], { cwd: stage.directory, env, stdio: "inherit" }),
    command,
  );
}

/** Waits for a process to end. @throws Error if it ends with another code than 0 */
async function expectSuccess(child: ChildProcess, name: string): Promise<void> {
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
}

/** Runs a command in the built image. Of this process's environment it gets only PATH. */
function start(stage: Stage, [program = "", ...args]: string[], env: Record<string, string>): ChildProcess {
  return spawn(program, args, {
    cwd: stage.directory,
    env: { PATH: programPath, HOME: "/nonexistent", ...stage.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    ...unprivileged,
  });
}

/** Starts the image's command, checks it, stops it, and runs the demo. @throws Error if a step fails */
async function check(stage: Stage): Promise<void> {
  if (stage.user === "root") throw new Error("the image runs as root");
  for (const name of DEVELOPMENT_ONLY)
    if (existsSync(path.join(stage.directory, "node_modules", name)))
      throw new Error(`the image contains ${name}`);
  const size = execFileSync("du", ["-sm", stage.directory], { encoding: "utf8" }).split("\t")[0];
  const node = execFileSync("node", ["--version"], { env: { PATH: programPath }, encoding: "utf8" }).trim();
  console.log(`ok: built, ${size} MB, for Node ${node}`);
  const env = { SANDBOX: "true", LOG_LEVEL: "warn", DRAIN_SECONDS: "0", PORT: await freePort() };
  const data = { TOLLFREE_DATA_DIR: path.join(stage.root, "data") };

  const server = start(stage, stage.command, { ...env, ...data });
  await new Promise<void>((resolve, reject) => {
    server.stdout?.on("data", (chunk: Buffer) => chunk.includes("listening") && resolve());
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  await expectSuccess(start(stage, stage.healthCheck, env), "the health check");
  const ready = await fetch(`http://127.0.0.1:${env.PORT}/readyz`);
  if (!ready.ok) throw new Error(`/readyz answers ${ready.status}`);
  console.log("ok: the server is healthy and ready");
  const page = await fetch(`http://127.0.0.1:${env.PORT}/agents`, { headers: { accept: "text/html" } });
  const html = await page.text();
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1];
  if (!page.ok || page.headers.get("content-type")?.startsWith("text/html") !== true || script === undefined)
    throw new Error(`/agents answers ${page.status}, and isn't the console's page: ${html.slice(0, 200)}`);
  const asset = await fetch(`http://127.0.0.1:${env.PORT}${script}`);
  if (!asset.ok) throw new Error(`${script}, which the page needs, answers ${asset.status}`);
  console.log("ok: the console is served");

  server.removeAllListeners("exit");
  server.kill("SIGTERM");
  await expectSuccess(server, "the stopped server");
  console.log("ok: the server stopped");

  const demo = start(stage, ["node", "dist/server/demo/main.js", "--once"], { ...env, ...data, PORT: "0" });
  demo.stdout?.resume();
  await expectSuccess(demo, "the demo");
  console.log("ok: the demo agent got a paid resource");
}

try {
  await check(await build());
} finally {
  rmSync(home, { recursive: true, force: true });
}
