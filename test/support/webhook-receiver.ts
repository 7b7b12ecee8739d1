import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { EventType } from "../../src/core/webhooks/event/index.ts";
import { payloadOf } from "../../src/core/webhooks/event/index.ts";
import { eventually } from "./eventually.ts";
import type { HttpServer } from "./http-server.ts";
import { startHttpServer } from "./http-server.ts";

/** What came to a receiver. */
export interface ReceivedEvent {
  /** The header `webhook-id`. */
  id: string;
  type: EventType;
  timestamp: string;
  data: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  body: string;
}

type Answer = (res: ServerResponse, req: IncomingMessage, event: ReceivedEvent) => void;

/** Somebody's server for events. It takes all of them, unless a test says how it answers. */
export class WebhookReceiver {
  readonly received: ReceivedEvent[] = [];
  answer: Answer = (res) => void res.writeHead(204).end();
  #server: HttpServer | undefined;

  async start(): Promise<this> {
    this.#server = await startHttpServer((req, res) => {
      let body = "";
      req.setEncoding("utf8");
      req.on("data", (chunk: string) => (body += chunk));
      req.on("end", () => {
        const event = {
          id: String(req.headers["webhook-id"]),
          headers: req.headers,
          body,
          ...JSON.parse(body),
        };
        this.received.push(event as ReceivedEvent);
        this.answer(res, req, event as ReceivedEvent);
      });
    });
    return this;
  }

  get url(): string {
    return `${this.#server?.url}/hook`;
  }

  close(): void {
    this.#server?.close();
  }

  of(type: EventType): ReceivedEvent[] {
    return this.received.filter((event) => event.type === type);
  }

  /** Waits for so many events of a type, and returns them. */
  async wait(type: EventType, count = 1, withinMs?: number): Promise<ReceivedEvent[]> {
    await eventually(
      () =>
        expect(this.of(type).length, `${type}: ${JSON.stringify(this.received.map((e) => e.type))}`).toBe(
          count,
        ),
      withinMs,
    );
    return this.of(type);
  }
}

/** A receiver for the tests of the file or `describe` that calls it. Each test begins with none received. */
export function useReceiver(): WebhookReceiver {
  const receiver = new WebhookReceiver();
  const { answer } = receiver;
  beforeAll(async () => {
    await receiver.start();
  });
  beforeEach(() => {
    receiver.received.length = 0;
    receiver.answer = answer;
  });
  afterAll(() => receiver.close());
  return receiver;
}

/** The same as a receiver does it, by the library: signature, age, and what is in it. */
export function verify(event: ReceivedEvent, secret: string): void {
  new Webhook(secret).verify(event.body, event.headers as Record<string, string>);
  payloadOf(event.type).parse(JSON.parse(event.body));
}
