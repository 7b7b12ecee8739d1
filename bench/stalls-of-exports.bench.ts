import { setInterval } from "node:timers";
import { beforeAll, expect, test } from "vitest";
import { runSql } from "../test/support/database.ts";
import { longestStall } from "../test/support/longest-stall.ts";
import { Browser, Mailbox, newAddress } from "../test/support/people.ts";
import { useWorld } from "../test/support/use-world.ts";

// A part of `npm run bench:stalls`: the export of a person with 100,000 calls and 20,000 payments holds nobody up for long, and is
// never in memory as a whole.

const CALLS = 100_000;
const PAYMENTS = 20_000;
const MOST = { stallMs: 50, heapMb: 64 };

const mailbox = new Mailbox();
const world = useWorld({
  mailer: mailbox,
  limits: { accountExported: { name: "account_exported", limit: 50, windowSeconds: 3600, per: "person" } },
});
const browser = new Browser(() => world.server.url);

beforeAll(async () => {
  const email = newAddress();
  await browser.signInByMail(mailbox, email);
  const userId = await world.createUser({ email });
  const { grant_id } = await world.createGrant({ userId });
  await runSql(
    world.database.url,
    `INSERT INTO agent_audit_logs (grant_id, user_id, surface, operation, endpoint, request_summary, response_status, created_at)
     SELECT '${grant_id}', '${userId}', 'agent', 'agent_run_service', '/agent/services/weather-' || n % 50 || '/run', '{}', 200,
            now() - n * interval '10 seconds'
       FROM generate_series(1, ${CALLS}) n`,
  );
  await runSql(
    world.database.url,
    `INSERT INTO payments (service, amount_micros, status, network, asset, pay_to, grant_id, user_id, input_digest, created_at)
     SELECT 'weather-' || n % 50, 20000, 'void', 'eip155:1', '0x1', '0x2', '${grant_id}', '${userId}', '\\x00', now() - n * interval '1 minute'
       FROM generate_series(1, ${PAYMENTS}) n`,
  );
}, 300_000);

/** Reads the file and forgets it. Returns its size in bytes. */
async function download(): Promise<number> {
  const headers = { cookie: browser.cookie, "sec-fetch-site": "same-origin" };
  const { body, status } = await fetch(`${world.server.url}/user/account/export`, { headers });
  expect(status).toBe(200);
  let size = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) size += chunk.length;
  return size;
}

test("it holds nobody up for long", async () => {
  const started = performance.now();
  const size = await download();
  console.log(`${(size / 1e6).toFixed(1)} MB in ${((performance.now() - started) / 1e3).toFixed(1)} s`);
  const stall = await longestStall(download);
  console.log(`longest stall: ${stall.toFixed(1)} ms`);
  expect(stall).toBeLessThan(MOST.stallMs);
});

test("it is never in memory as a whole", async () => {
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().heapUsed)), 20);
  await download();
  clearInterval(timer);
  const grown = (most - before) / 1e6;
  console.log(`the heap grew by ${grown.toFixed(1)} MB at most`);
  expect(grown).toBeLessThan(MOST.heapMb);
});
