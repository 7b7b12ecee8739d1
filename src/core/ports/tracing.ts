import type { Attributes, Span } from "@opentelemetry/api";
import { INVALID_SPAN_CONTEXT, SpanStatusCode, trace } from "@opentelemetry/api";

const tracer = trace.getTracer("tollfree");
const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
let areSpansRecorded = false;

/** Has spans recorded from now on. Without it they are left out, since even one that does nothing takes microseconds. */
export function recordSpans(): void {
  areSpansRecorded = true;
}

/**
 * Runs `work` inside a span of the current trace. Returns and throws what `work` does.
 * Attributes may only hold names and numbers, never values that a caller sent.
 */
export function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  if (!areSpansRecorded) return work(NO_SPAN);
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
