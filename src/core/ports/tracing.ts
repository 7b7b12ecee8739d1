import type { Attributes, Span } from "@opentelemetry/api";
import { SpanStatusCode, trace } from "@opentelemetry/api";

/** Without a started tracing SDK this tracer does nothing and costs nothing. */
const tracer = trace.getTracer("tollfree");

/**
 * Runs `work` inside a span of the current trace. Returns and throws what `work` does.
 * Attributes may only hold names and numbers, never values that a caller sent.
 */
export function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      // The error message is left out: it could quote what the caller sent. The log has it, redacted.
      span.setStatus({ code: SpanStatusCode.ERROR });
      if (error instanceof Error) span.setAttribute("error.type", error.name);
      throw error;
    } finally {
      span.end();
    }
  });
}
