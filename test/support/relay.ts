import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** A relay before a server. It can cut all connections and take no more, and lead new ones to another server. */
export async function startRelay(target: string) {
  let { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const other = connect(Number(port), hostname);
    for (const one of [socket, other]) {
      sockets.add(one);
      one.on("error", () => undefined).on("close", () => sockets.delete(one));
    }
    socket.pipe(other).pipe(socket);
    socket.on("close", () => other.destroy());
    other.on("close", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: listening } = server.address() as AddressInfo;
  const url = new URL(target);
  url.host = `127.0.0.1:${listening}`;
  return {
    url: url.href,
    /** From now on, new connections lead to another server. The present ones stay. */
    leadTo(other: string) {
      ({ hostname, port } = new URL(other));
    },
    async cut() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async restore() {
      server.listen(listening, "127.0.0.1");
      await once(server, "listening");
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
