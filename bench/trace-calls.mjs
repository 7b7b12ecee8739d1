// Loaded before a measured server: notes what it asks of PostgreSQL, Redis, the chain and sellers during each run of a service,
// and prints it when the server ends. All columns are medians, in milliseconds: when a call began, counted from the request's
// arrival, and how long it took. Meant for one request at a time.
import { subscribe } from "node:diagnostics_channel";
import { performance } from "node:perf_hooks";
import Redis from "ioredis";
import pg from "pg";

/** @type {{ label: string, at: number, ms: number }[][]} */
const runs = [];
/** @type {{ label: string, at: number, ms: number }[] | undefined} */
let current;
let arrived = 0;

const begin = (label) => {
  const run = current;
  if (run === undefined) return () => {};
  const call = { label, at: performance.now() - arrived, ms: NaN };
  run.push(call);
  return () => {
    call.ms = performance.now() - arrived - call.at;
  };
};

subscribe("http.server.request.start", ({ request }) => {
  if (!/\/run$/.test(request.url)) return;
  arrived = performance.now();
  current = [];
});
subscribe("http.server.response.finish", ({ request }) => {
  if (current === undefined || !/\/run$/.test(request.url)) return;
  current.push({ label: "(answered)", at: performance.now() - arrived, ms: 0 });
  runs.push(current);
  current = undefined;
});

const query = pg.Client.prototype.query;
pg.Client.prototype.query = function (config, ...rest) {
  const text = (typeof config === "string" ? config : config.name || config.text).replaceAll(/\s+/g, " ");
  const end = begin(`sql ${text.replaceAll(/"public"\.|"/g, "").slice(0, 60)}`);
  const result = query.call(this, config, ...rest);
  const done = config.result ?? result;
  if (typeof done?.then === "function") done.then(end, end);
  return result;
};

const sendCommand = Redis.prototype.sendCommand;
Redis.prototype.sendCommand = function (command, ...rest) {
  const end = begin(`redis ${command.name}`);
  command.promise.then(end, end);
  return sendCommand.call(this, command, ...rest);
};

const realFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const methods = typeof init?.body === "string" ? init.body.match(/"method":"\w+"/g) : undefined;
  const end = begin(`rpc ${methods?.map((method) => method.slice(10, -1)).join(" + ") ?? String(input)}`);
  const answer = realFetch(input, init);
  answer.then(end, end);
  return answer;
};

const ends = new WeakMap();
subscribe("undici:request:create", ({ request }) => {
  if (request.headers?.includes?.("tollfree") || String(request.headers).includes("tollfree"))
    ends.set(request, begin(`seller ${request.method}`));
});
subscribe("undici:client:connected", ({ connectParams }) => begin(`connected ${connectParams.host}`)());
subscribe("undici:request:trailers", ({ request }) => ends.get(request)?.());

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;

process.once("SIGTERM", () => {
  const shapes = Map.groupBy
    ? Map.groupBy(runs, (run) => run.map(({ label }) => label).join("\n"))
    : runs.reduce((map, run) => {
        const shape = run.map(({ label }) => label).join("\n");
        return map.set(shape, [...(map.get(shape) ?? []), run]);
      }, new Map());
  const [common] = [...shapes.values()].sort((a, b) => b.length - a.length);
  if (common === undefined) return;
  const lines = common[0].map(({ label }, n) => {
    const [at, ms] = ["at", "ms"].map((key) => median(common.map((run) => run[n][key])));
    return `${at.toFixed(1).padStart(7)} ${ms.toFixed(1).padStart(6)}  ${label}`;
  });
  process.stderr.write(
    `${common.length} of ${runs.length} runs of ${shapes.size} shapes\n${lines.join("\n")}\n`,
  );
});
