// Reads a URL as fast as the server answers, and prints the reads per second.
// Usage: load.ts <url> <session token> <seconds> <connections>
import { Pool } from "undici";

const [target = "", token = "", seconds = "1", connections = "1"] = process.argv.slice(2);
const { origin, pathname } = new URL(target);
const pool = new Pool(origin, { connections: Number(connections) });
const end = performance.now() + Number(seconds) * 1_000;
let reads = 0;

async function readUntilEnd(): Promise<void> {
  while (performance.now() < end) {
    const answer = await pool.request({
      path: pathname,
      method: "GET",
      headers: { authorization: `Bearer ${token}` },
    });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`${target} answered ${answer.statusCode}`);
    reads += 1;
  }
}

const started = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, readUntilEnd));
console.log((reads / ((performance.now() - started) / 1_000)).toFixed(1));
await pool.close();
