import { renameSync, writeFileSync } from "node:fs";

/** Writes a file atomically. If this process is killed, the old content stays. */
export function writeAtomically(file: string, content: string, mode = 0o644): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, content, { mode });
  renameSync(unfinished, file);
}
