import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";

/** What an archive holds. It doesn't depend on how it is compressed. */
export interface Content {
  rows: number;
  /** Of the lines, each with its line feed. */
  contentSha256: string;
}

/** Stands beside the archive's file, and is written after it. An archive without one is unfinished. */
const Manifest = z.object({
  table: z.literal("agent_audit_logs"),
  partition: z.string(),
  /** The first day, if there is one, and the first day after. UTC. */
  from: z.string().optional(),
  to: z.string(),
  rows: z.number().int(),
  file: z.string(),
  bytes: z.number().int(),
  /** Of the file as it is. `sha256sum` prints the same. */
  sha256: z.string(),
  /** Of its content. `zcat … | sha256sum` prints the same. */
  content_sha256: z.string(),
  archived_at: z.string(),
});
export type Manifest = z.infer<typeof Manifest>;

/** Only the operator may read who called what. */
const MODE = 0o600;

/** Calculates what lines hold, while they pass. */
export class ContentSum {
  readonly #hash = createHash("sha256");
  #rows = 0;

  /** Returns the lines as they are stored. */
  add(lines: string[]): string {
    const text = lines.map((line) => `${line}\n`).join("");
    this.#hash.update(text);
    this.#rows += lines.length;
    return text;
  }

  end(): Content {
    return { rows: this.#rows, contentSha256: this.#hash.digest("hex") };
  }
}

/**
 * Writes an archive: JSON lines, compressed, then its manifest. Each file gets its name only when it is whole and on the
 * disk, so that a crash leaves no archive that looks finished.
 */
export async function writeArchive(
  directory: string,
  { name, from, to }: { name: string; from: string | undefined; to: string },
  batches: AsyncIterable<string[]>,
): Promise<Manifest> {
  const file = `${name}.jsonl.gz`;
  const sum = new ContentSum();
  const stored = createHash("sha256");
  let bytes = 0;
  const partial = path.join(directory, `${file}.partial`);
  await pipeline(
    batches,
    async function* (source: AsyncIterable<string[]>) {
      for await (const lines of source) yield sum.add(lines);
    },
    createGzip(),
    async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        stored.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(partial, { mode: MODE, flush: true }),
  );
  await publish(partial, path.join(directory, file));
  const { rows, contentSha256 } = sum.end();
  const manifest: Manifest = {
    ...{
      table: "agent_audit_logs",
      partition: name,
      ...(from !== undefined && { from }),
      to,
      rows,
      file,
      bytes,
    },
    sha256: stored.digest("hex"),
    content_sha256: contentSha256,
    archived_at: new Date().toISOString(),
  };
  const draft = path.join(directory, `${name}.json.partial`);
  const handle = await open(draft, "w", MODE);
  try {
    await handle.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await publish(draft, path.join(directory, `${name}.json`));
  return manifest;
}

/** Gives a file that is on the disk its name, durably. */
async function publish(partial: string, final: string): Promise<void> {
  await rename(partial, final);
  const directory = await open(path.dirname(final), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * Reads a finished archive back.
 * @returns what its file holds, and its manifest; undefined if there is no finished archive
 * @throws Error if the file isn't what the manifest says
 */
export async function readArchive(
  directory: string,
  name: string,
): Promise<{ manifest: Manifest; content: Content } | undefined> {
  const text = await readFile(path.join(directory, `${name}.json`), "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const damaged = (why: string): Error =>
    new Error(`the archive ${path.join(directory, name)}.json is damaged: ${why}. Nothing was dropped`);
  const manifest = parseManifest(text);
  if (manifest === undefined) throw damaged("its manifest can't be read");
  const stored = createHash("sha256");
  const content = createHash("sha256");
  let rows = 0;
  try {
    await pipeline(
      createReadStream(path.join(directory, manifest.file)),
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          stored.update(chunk);
          yield chunk;
        }
      },
      createGunzip(),
      async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) {
          content.update(chunk);
          for (const byte of chunk) if (byte === LINE_FEED) rows += 1;
        }
      },
    );
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error));
  }
  const contentSha256 = content.digest("hex");
  if (stored.digest("hex") !== manifest.sha256) throw damaged("its file has another SHA-256");
  if (rows !== manifest.rows || contentSha256 !== manifest.content_sha256)
    throw damaged("its file holds other rows");
  return { manifest, content: { rows, contentSha256 } };
}

const LINE_FEED = 10;

function parseManifest(text: string): Manifest | undefined {
  try {
    return Manifest.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
