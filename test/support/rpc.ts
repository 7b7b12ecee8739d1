import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inject } from "vitest";

/** The run's chain, through an RPC that can have a bad day. */
export interface UnreliableRpc {
  url: string;
  /** `refusing` resets every connection, `hanging` never answers. */
  mode: "working" | "refusing" | "hanging";
  close(): void;
}

export async function startUnreliableRpc(): Promise<UnreliableRpc> {
  const { rpcUrl } = inject("chain");
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      if (rpc.mode === "refusing") return void req.socket.resetAndDestroy();
      if (rpc.mode === "hanging") return;
      forward(Buffer.concat(chunks)).then(
        (text) => res.writeHead(200, { "content-type": "application/json" }).end(text),
        () => res.destroy(),
      );
    });
  });
  const forward = async (body: Buffer): Promise<string> => {
    const answer = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: body.toString(),
    });
    return answer.text();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const rpc: UnreliableRpc = {
    url: `http://127.0.0.1:${port}`,
    mode: "working",
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return rpc;
}
