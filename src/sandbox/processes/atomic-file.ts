import { renameSync, writeFileSync } from "node:fs";

/** Writes a small file that is either as before or complete, whenever this process is killed. */
export function writeAtomically(file: string, content: string, mode = 0o644): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, content, { mode });
  renameSync(unfinished, file);
}
