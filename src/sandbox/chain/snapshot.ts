import { createReadStream, createWriteStream } from "node:fs";
import { open, rename } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import type { Log } from "../processes/log.ts";
import { rpc } from "./rpc.ts";

/*
 * anvil could write its state itself (`--state FILE --state-interval N`), but it writes over the old file in
 * place, so that a process killed in that moment leaves neither, and it writes everything every N seconds even if
 * nothing happened. So we ask it for its state, when there is news, and replace the file in one step.
 */

const DUMP_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 500;
/** Even without transactions, so that a restored chain isn't far behind the block numbers that were seen. */
const IDLE_INTERVAL_MS = 30_000;
/** A long chain takes long to dump; this bounds the share of time spent on it to a tenth. */
const PAUSE_PER_DUMP_TIME = 10;

/** Writes the chain's whole state (blocks, receipts, logs, accounts) to `file`, atomically and durably. */
export async function saveSnapshot(rpcUrl: string, file: string): Promise<void> {
  const dump = await rpc(rpcUrl, "anvil_dumpState", [], DUMP_TIMEOUT_MS);
  if (typeof dump !== "string") throw new Error("anvil_dumpState: not a string");
  const unfinished = `${file}.${process.pid}`;
  const handle = await open(unfinished, "w", 0o600);
  try {
    await handle.writeFile(Buffer.from(dump.slice(2), "hex")); // gzipped by anvil
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}

/** Unpacks a snapshot into the form that `anvil --load-state` reads. */
export async function unpackSnapshot(file: string, target: string): Promise<void> {
  await pipeline(createReadStream(file), createGunzip(), createWriteStream(target, { mode: 0o600 }));
}

/**
 * Saves the chain soon after every transaction until `signal` aborts. A killed chain loses about a second.
 * A chain that doesn't answer (it is being restarted) is waited for.
 */
export async function keepSnapshots(
  rpcUrl: string,
  file: string,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  let seenBlock = -1;
  let savedAt = 0;
  let pauseMs = 0;
  let isFailing = false;
  while (!signal.aborted) {
    try {
      const sinceSaveMs = Date.now() - savedAt;
      const latest = Number(await rpc(rpcUrl, "eth_blockNumber"));
      const isDue = sinceSaveMs > IDLE_INTERVAL_MS || (await hasTransactions(rpcUrl, seenBlock + 1, latest));
      if (isDue && sinceSaveMs > pauseMs) {
        const startedAt = Date.now();
        await saveSnapshot(rpcUrl, file);
        savedAt = Date.now();
        pauseMs = (savedAt - startedAt) * PAUSE_PER_DUMP_TIME;
        seenBlock = latest;
      } else if (!isDue) {
        seenBlock = latest;
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing)
        log(`the chain can't be saved: ${error instanceof Error ? error.message : String(error)}`);
      isFailing = true; // said once, not twice a second
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

async function hasTransactions(rpcUrl: string, from: number, to: number): Promise<boolean> {
  for (let block = from; block <= to; block++) {
    const count = await rpc(rpcUrl, "eth_getBlockTransactionCountByNumber", [`0x${block.toString(16)}`]);
    if (Number(count) > 0) return true;
  }
  return false;
}
