import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";

export interface Balancer {
  url: string;
  /** How many requests each replica got, in the order of their URLs. */
  served: number[];
  close(): Promise<void>;
}

/** Starts a load balancer. Each request goes to the next replica, with the client's address in `X-Forwarded-For`. */
export async function startBalancer(replicas: () => readonly string[]): Promise<Balancer> {
  const served: number[] = [];
  let turn = 0;
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const urls = replicas();
    const chosen = turn++ % urls.length;
    served[chosen] = (served[chosen] ?? 0) + 1;
    const headers = { ...req.headers, "x-forwarded-for": req.socket.remoteAddress ?? "" };
    const onward = forward(
      new URL(req.url ?? "/", urls[chosen]),
      { method: req.method, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      },
    );
    onward.on("error", () => res.writeHead(502).end());
    req.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    served,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
