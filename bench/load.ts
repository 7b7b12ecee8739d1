// Reads one URL as fast as it is answered, over so many connections for so many seconds; prints the reads a second.
import { Pool } from "undici";

const [target = "", token = "", seconds = "1", connections = "1"] = process.argv.slice(2);
const { origin, pathname } = new URL(target);
const pool = new Pool(origin, { connections: Number(connections) });
const until = performance.now() + Number(seconds) * 1_000;
let reads = 0;

async function readOnAndOn(): Promise<void> {
  while (performance.now() < until) {
    const answer = await pool.request({
      path: pathname,
      method: "GET",
      headers: { authorization: `Bearer ${token}` },
    });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
    reads += 1;
  }
}

const started = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, readOnAndOn));
console.log((reads / ((performance.now() - started) / 1_000)).toFixed(1));
await pool.close();
