// An operation in memory on Fastify and zod, with one line of the log for each request.
import { randomUUID } from "node:crypto";
import Fastify, { LogController } from "fastify";
import { announce, ANSWER, Input, PATH } from "./hello.mjs";

const app = Fastify({
  logger: true,
  logController: new LogController({ disableRequestLogging: true }), // else two lines
  genReqId: () => randomUUID(),
});
app.addHook("onRequest", async (request, reply) => {
  reply.header("X-Request-Id", request.id);
});
app.addHook("onResponse", async (request, reply) => {
  const ms = Math.round(reply.elapsedTime);
  request.log.info({ method: request.method, status: reply.statusCode, ms }, "request");
});
app.get(PATH, async (request, reply) => {
  if (!Input.safeParse(request.query).success) return reply.code(400).send({ status: "error" });
  return ANSWER;
});
await app.listen({ port: 0, host: "127.0.0.1" });
announce(app.server.address().port);
