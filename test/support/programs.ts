import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import path from "node:path";

/** A program that the tests need, and the Debian package that has it. */
export interface Program {
  /** Any of these will do. */
  names: readonly string[];
  package: string;
}

/**
 * Finds a program. If it is missing, and this is root on Debian, installs it.
 * @throws Error with one line that says what to install
 */
export function findProgram(program: Program): string {
  const found = installed(program);
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get"))
    throw new Error(`install ${program.names.join(" or ")}`);
  // Without systemd, as in CI's containers, the package starts no server.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
  const args = ["install", "-y", "-qq", "--no-install-recommends", program.package];
  execFileSync("apt-get", args, { env, stdio: "ignore" });
  const name = installed(program);
  if (name === undefined) throw new Error(`apt-get installed no ${program.names.join(" or ")}`);
  return name;
}

/** The path of an installed program. Debian keeps servers in a folder that only root's search path has. */
function installed({ names }: Program): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/sbin"];
  return names
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find((file) => existsSync(file) && spawnSync(file, ["--version"]).status === 0);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
