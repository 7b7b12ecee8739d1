import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server on a free port of the loopback interface. `close` cuts its connections. */
export interface HttpServer {
  url: string;
  close(): void;
}

export async function startHttpServer(answer: RequestListener): Promise<HttpServer> {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
