import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { PrismaInstrumentation } from "@prisma/instrumentation";
import { recordSpans } from "../../core/ports/tracing.ts";

export interface Tracing {
  /** Sends the remaining spans and stops tracing. */
  stop(): Promise<void>;
}

/**
 * Starts to send traces to an OTLP endpoint over HTTP. Each request has a span. Inside it are spans of its
 * queries, its upstream calls and its chain lookups. Without this call, spans cost nothing.
 *
 * @param endpoint URL of the collector, without `/v1/traces`
 */
export function startTracing(endpoint: string): Tracing {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": "tollfree" }),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` })),
    ],
  });
  provider.register();
  recordSpans();
  const prisma = new PrismaInstrumentation();
  prisma.setTracerProvider(provider);
  prisma.enable();
  return {
    async stop() {
      prisma.disable();
      await provider.shutdown();
    },
  };
}
