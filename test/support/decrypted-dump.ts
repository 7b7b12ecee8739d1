import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { ENCRYPTED_COLUMNS } from "../../src/core/personal-data/encryption/store.ts";
import { AesCipher } from "../../src/platform/cipher.ts";
import { queryRows } from "./database.ts";
import { dump } from "./dump.ts";

/** All rows of a database as text, and what its encrypted columns hold, in clear. @param key the server's encryption key */
export async function decryptedDump(url: string, key: Uint8Array): Promise<string> {
  const cipher = new AesCipher([key], randomBytes(32));
  const texts = [await dump(url)];
  for (const { table, column, id } of ENCRYPTED_COLUMNS) {
    const rows = (await queryRows(
      url,
      `SELECT ${id.sql} AS id, ${column} AS value FROM ${table} WHERE ${column} IS NOT NULL`,
    )) as { id: string; value: Uint8Array }[];
    for (const row of rows)
      texts.push(`${table} ${cipher.decrypt(row.value, `${table}.${column}:${row.id}`).toString("utf8")}`);
  }
  return texts
    .join("\n")
    .replace(/\\x([0-9a-f]+)/g, (_, hex: string) => Buffer.from(hex, "hex").toString("latin1"));
}
