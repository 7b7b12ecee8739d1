// What the peers of `bench/adapter.bench.ts` have in common: the operation, the log line, and how they listen.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { performance } from "node:perf_hooks";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { z } from "zod";

const { answer } = JSON.parse(await text(process.stdin));

/** What every server answers. */
export const ANSWER = answer;

export const PATH = "/agent/hello";

/** Fields of the query. `coerce` makes numbers of texts. */
export const Input = z.strictObject({
  name: z.string().max(50).optional(),
  limit: z.coerce.number().int().min(1).max(50).optional(),
});

const NextAction = z.object({ action: z.string(), method: z.enum(["GET", "POST"]), endpoint: z.string() });
export const Output = z.object({
  status: z.literal("success"),
  data: z.object({ text: z.string() }),
  next_actions: z.array(NextAction),
});

/** Gives a handler of Node's requests what it lacks: a request's id, and one line of the log for each request. */
function listener(handle) {
  const log = pino();
  return async (req, res) => {
    const started = performance.now();
    const id = randomUUID();
    res.setHeader("X-Request-Id", id);
    await handle(req, res);
    const ms = Math.round(performance.now() - started);
    log.info({ request_id: id, method: req.method, status: res.statusCode, ms }, "request");
  };
}

export function serve(handle) {
  const server = createServer(listener(handle));
  server.listen(0, "127.0.0.1", () => announce(server.address().port));
}

export function announce(port) {
  console.log(`listening on http://127.0.0.1:${port}`);
  process.once("SIGTERM", () => process.exit(0));
}
