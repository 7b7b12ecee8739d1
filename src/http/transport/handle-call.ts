import type { IncomingMessage, ServerResponse } from "node:http";
import type { Span } from "@opentelemetry/api";
import { inSpan } from "../../core/ports/tracing.ts";
import { targetOf } from "../request/request-target.ts";
import { sendBytes, sendFile, sendText } from "../request/send.ts";
import { writeHead } from "../request/write-head.ts";
import type { Api } from "./call-context.ts";
import { createCallContext, createRequestContext } from "./call-context.ts";
import type { Outcome, Transport } from "./perform-call.ts";
import { failed, find, performCall, recordCall, UNMATCHED } from "./perform-call.ts";

export type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/**
 * Creates the handler of a transport's requests: it calls the procedure, sends the response, and records the
 * call.
 */
export function createCallHandler(api: Api, transport: Transport): Handler {
  const handle = async (req: IncomingMessage, res: ServerResponse, span: Span): Promise<void> => {
    const started = performance.now();
    const target = targetOf(req);
    const surface = transport.surfaceOf(target.path);
    const request = createRequestContext(api, transport.name, req, res);
    const ctx = createCallContext(api, request, { surface: surface ?? "agent", endpoint: target.path });
    const located = find(() => transport.locate(req, target));
    if ("allow" in located) {
      writeHead(req, res, 204, { Allow: located.allow });
      res.end();
      return;
    }
    let outcome = await performCall(ctx, transport, located, surface !== undefined);
    try {
      await send(req, res, outcome);
    } catch (thrown) {
      outcome = failed(ctx, transport, outcome.operation, thrown);
      await send(req, res, outcome);
    }
    recordCall(api, ctx, span, started, outcome);
  };
  return (req, res) => inSpan(UNMATCHED, {}, (span) => handle(req, res, span));
}

async function send(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, content }: Outcome,
): Promise<void> {
  if ("bytes" in content) sendBytes(req, res, status, headers, content.bytes);
  else if ("file" in content) await sendFile(req, res, status, headers, content.file);
  else sendText(req, res, status, headers, content.text);
}
