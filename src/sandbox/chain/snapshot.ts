import { createReadStream, createWriteStream } from "node:fs";
import { open, rename } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import type { Log } from "../processes/log.ts";
import { rpc } from "./rpc.ts";

/*
 * anvil can write its state itself (`--state FILE --state-interval N`), but it overwrites the file in place. If
 * it is killed while writing, both states are lost. It also writes every N seconds even if nothing changed. So
 * this module asks anvil for its state after new transactions, and replaces the file atomically.
 */

const DUMP_TIMEOUT_MS = 60_000;
const POLL_MS = 500;
/**
 * Longest time between two saves. Without transactions too, so that a restored chain isn't many blocks behind.
 */
const IDLE_INTERVAL_MS = 30_000;
/** The pause after a dump is ten times as long as the dump took. A long chain takes long to dump. */
const PAUSE_PER_DUMP_TIME = 10;

/**
 * Writes the chain's whole state (blocks, receipts, logs, accounts) to `file`, atomically, and flushes it to
 * disk.
 */
export async function saveSnapshot(rpcUrl: string, file: string): Promise<void> {
  const dump = await rpc(rpcUrl, "anvil_dumpState", [], DUMP_TIMEOUT_MS);
  if (typeof dump !== "string") throw new Error("anvil_dumpState: not a string");
  const unfinished = `${file}.${process.pid}`;
  const handle = await open(unfinished, "w", 0o600);
  try {
    await handle.writeFile(Buffer.from(dump.slice(2), "hex")); // anvil has gzipped it
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

/** Unpacks a snapshot to the file that `anvil --load-state` reads. */
export async function unpackSnapshot(file: string, target: string): Promise<void> {
  await pipeline(createReadStream(file), createGunzip(), createWriteStream(target, { mode: 0o600 }));
}

/**
 * Saves the chain soon after every transaction until `signal` aborts. A killed chain loses about one second.
 * If the chain doesn't answer, for example while it restarts, the next poll tries again.
 */
export async function keepSnapshots(
  rpcUrl: string,
  file: string,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  /** All transactions up to this block are saved. */
  let savedBlock = -1;
  let savedAt = 0;
  let pauseMs = 0;
  let isFailing = false;
  while (!signal.aborted) {
    try {
      const sinceSaveMs = Date.now() - savedAt;
      const latest = Number(await rpc(rpcUrl, "eth_blockNumber"));
      const isDue = sinceSaveMs > IDLE_INTERVAL_MS || (await hasTransactions(rpcUrl, savedBlock + 1, latest));
      if (isDue && sinceSaveMs > pauseMs) {
        const startedAt = Date.now();
        await saveSnapshot(rpcUrl, file);
        savedAt = Date.now();
        pauseMs = (savedAt - startedAt) * PAUSE_PER_DUMP_TIME;
        savedBlock = latest;
      } else if (!isDue) {
        savedBlock = latest;
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing)
        log(`saving the chain failed: ${error instanceof Error ? error.message : String(error)}`);
      isFailing = true; // logged once, not at every poll
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

async function hasTransactions(rpcUrl: string, from: number, to: number): Promise<boolean> {
  for (let block = from; block <= to; block++) {
    const count = await rpc(rpcUrl, "eth_getBlockTransactionCountByNumber", [`0x${block.toString(16)}`]);
    if (Number(count) > 0) return true;
  }
  return false;
}
