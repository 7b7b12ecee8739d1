import type { Attributes, Span } from "@opentelemetry/api";
import { SpanStatusCode, trace } from "@opentelemetry/api";

/** Costs nothing where no tracing was started. */
const tracer = trace.getTracer("tollfree");

/**
 * Runs work as a span of the trace it is in. Attributes are of the kind that may be logged: names and numbers, never
 * what somebody sent.
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
      // The message could quote what was sent; the log has it, redacted.
      span.setStatus({ code: SpanStatusCode.ERROR });
      if (error instanceof Error) span.setAttribute("error.type", error.name);
      throw error;
    } finally {
      span.end();
    }
  });
}
