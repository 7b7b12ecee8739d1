import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

/** Secrets that the sandbox generates and needs again after a restart. */
const Secrets = z.object({
  admin_api_key: z.string(),
  /** Base64. */
  data_encryption_key: z.string(),
  /** Results of the finished steps of `seedDemo`, by step. */
  demo: z.record(z.string(), z.string()).default({}),
});
export type Secrets = z.infer<typeof Secrets>;

/** The sandbox's secrets, kept in a file of the data directory that only its owner may read. */
export class SecretsFile {
  readonly #file: string;
  readonly values: Secrets;

  private constructor(file: string, values: Secrets) {
    this.#file = file;
    this.values = values;
  }

  /** Reads the file. If there is none, generates the secrets. @throws Error if the file has another format */
  static async open(dataDir: string): Promise<SecretsFile> {
    const file = path.join(path.resolve(dataDir), "secrets.json");
    const text = await readFile(file, "utf8").catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text !== undefined) return new SecretsFile(file, Secrets.parse(JSON.parse(text)));
    const secrets = new SecretsFile(file, {
      admin_api_key: `tf_admin_${randomBytes(24).toString("base64url")}`,
      data_encryption_key: randomBytes(32).toString("base64"),
      demo: {},
    });
    await secrets.save();
    return secrets;
  }

  /** Writes the file atomically. If the process is killed, the old content stays. */
  async save(): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true });
    const unfinished = `${this.#file}.${process.pid}`;
    await writeFile(unfinished, `${JSON.stringify(this.values, null, 2)}\n`, { mode: 0o600 });
    await chmod(unfinished, 0o600);
    await rename(unfinished, this.#file);
  }
}
