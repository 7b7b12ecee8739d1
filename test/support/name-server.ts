import { createSocket } from "node:dgram";
import { once } from "node:events";
import ipaddr from "ipaddr.js";

const NO_SUCH_NAME = 3;
const TYPES: Partial<Record<number, "A" | "AAAA">> = { 1: "A", 28: "AAAA" };

export interface NameServer {
  /** Its address with its port, as a resolver's `setServers` takes it. */
  address: string;
  /** What it answers, by name, with both kinds of addresses in one list. Other names don't exist. */
  addresses: Record<string, string[]>;
  /** The TTL of its answers. */
  ttlSeconds: number;
  /** The questions that came, such as `A slow.test`, as often as they came. */
  asked: string[];
  /** Waits until every one of these names was asked for. */
  arrived(names: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** A DNS server on loopback, over UDP. It never answers for names that end with `.slow`. */
export async function startNameServer(): Promise<NameServer> {
  const socket = createSocket("udp4");
  const watchers = new Set<() => void>();
  const server: NameServer = {
    address: "",
    addresses: {},
    ttlSeconds: 60,
    asked: [],
    arrived: (names) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!names.every((name) => server.asked.includes(`A ${name}`))) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on("message", (query, { port, address }) => {
    const { name, type, question } = readQuestion(query);
    server.asked.push(`${TYPES[type] ?? type} ${name}`);
    for (const look of watchers) look();
    if (name.endsWith(".slow")) return;
    const known = server.addresses[name];
    const answers = (known ?? [])
      .map((text) => ipaddr.parse(text))
      .filter((parsed) => TYPES[type] === (parsed.kind() === "ipv4" ? "A" : "AAAA"))
      .map((parsed) => record(type, server.ttlSeconds, Buffer.from(parsed.toByteArray())));
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2); // the id
    header.writeUInt16BE(0x8180 | (known === undefined ? NO_SUCH_NAME : 0), 2); // a response, recursion available
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    socket.send(Buffer.concat([header, question, ...answers]), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  server.address = `127.0.0.1:${socket.address().port}`;
  return server;
}

/** The first question of a query: labels with their lengths before them, then type and class. */
function readQuestion(query: Buffer): { name: string; type: number; question: Buffer } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return {
    name: labels.join(".").toLowerCase(),
    type: query.readUInt16BE(at + 1),
    question: query.subarray(12, at + 5),
  };
}

/** A record of the name in the question, to which `c00c` points. */
function record(type: number, ttlSeconds: number, data: Buffer): Buffer {
  const fields = Buffer.alloc(12);
  fields.writeUInt16BE(0xc00c, 0);
  fields.writeUInt16BE(type, 2);
  fields.writeUInt16BE(1, 4); // the internet
  fields.writeUInt32BE(ttlSeconds, 6);
  fields.writeUInt16BE(data.length, 10);
  return Buffer.concat([fields, data]);
}
