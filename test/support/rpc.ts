import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inject } from "vitest";

/** A proxy before one of the run's services, which can be made to fail. */
export interface Unreliable {
  url: string;
  /** `refusing` resets every connection, `hanging` never answers. */
  mode: "working" | "refusing" | "hanging";
  /** How many requests were refused so far. */
  refused: number;
  close(): void;
}

/** Starts a proxy before the run's chain. */
export const startUnreliableRpc = (): Promise<Unreliable> => startUnreliable(inject("chain").rpcUrl);

/** Starts a proxy before the run's facilitator. */
export const startUnreliableFacilitator = (): Promise<Unreliable> =>
  startUnreliable(inject("chain").facilitatorUrl);

async function startUnreliable(target: string): Promise<Unreliable> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      if (service.mode === "refusing") {
        service.refused += 1;
        return void req.socket.resetAndDestroy();
      }
      if (service.mode === "hanging") return;
      forward(req.method ?? "GET", req.url ?? "/", Buffer.concat(chunks)).then(
        (text) => res.writeHead(200, { "content-type": "application/json" }).end(text),
        () => res.destroy(),
      );
    });
  });
  const forward = async (method: string, path: string, body: Buffer): Promise<string> => {
    const answer = await fetch(target.replace(/\/$/, "") + path, {
      method,
      headers: { "content-type": "application/json" },
      ...(body.length > 0 && { body: body.toString() }),
    });
    return answer.text();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const service: Unreliable = {
    url: `http://127.0.0.1:${port}`,
    mode: "working",
    refused: 0,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return service;
}
