import { inject, onTestFinished } from "vitest";
import { startHttpServer } from "./http-server.ts";

/** The result of a method, or a function of its first parameter's `data`. Undefined: as the run's chain answers. */
type Answer = string | object | ((data: string | undefined) => string | undefined);

/** Starts an RPC that answers as the run's chain does, except for these methods. It stops after the test. */
export async function startRpc(answers: Record<string, Answer>): Promise<string> {
  const server = await startHttpServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      answerTo(Buffer.concat(chunks).toString()).then(
        (text) => res.writeHead(200, { "content-type": "application/json" }).end(text),
        () => res.destroy(),
      );
    });
  });
  const answerTo = async (body: string): Promise<string> => {
    const { method, id, params } = JSON.parse(body) as {
      method: string;
      id: number;
      params?: [{ data?: string }];
    };
    const answer = answers[method];
    const result = typeof answer === "function" ? answer(params?.[0].data) : answer;
    if (result !== undefined) return JSON.stringify({ jsonrpc: "2.0", id, result });
    const headers = { "content-type": "application/json" };
    return (await fetch(inject("chain").rpcUrl, { method: "POST", headers, body })).text();
  };
  onTestFinished(() => server.close());
  return server.url;
}
