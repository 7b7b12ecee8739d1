import { declareDiscoveryExtension } from "@x402/extensions/bazaar";
import formats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Express, NextFunction, Request, Response } from "express";
import express from "express";
import type { Seller } from "../x402/seller.ts";
import { airRoutes } from "./air-routes.ts";
import { daylight } from "./daylight.ts";
import type { DemoService } from "./demo-service.ts";
import { InputError } from "./demo-service.ts";
import { textAnalysis } from "./text-analysis.ts";
import { workingDays } from "./working-days.ts";

const SERVICES: readonly DemoService[] = [daylight, textAnalysis, workingDays, airRoutes];
const BODY_LIMIT = "64kb";
const BASE_UNITS_PER_CENT = 10_000;

/** A demo upstream, with the fields of `POST /sponsor/apis` that register it as a sponsored API. */
export interface DemoUpstream {
  service_key: string;
  name: string;
  description: string;
  categories: string[];
  tags: string[];
  upstream_url: string;
  upstream_method: "GET" | "POST";
  price_cents: number;
  pay_to: string;
  input_schema: Record<string, unknown>;
  sample_input: Record<string, unknown>;
}

/**
 * Describes the demo upstreams.
 *
 * @param baseUrl the URL at which `createUpstreamsApp` is served
 * @param payees the addresses that are paid, one for each service
 */
export function demoUpstreams(baseUrl: string, payees: readonly string[]): DemoUpstream[] {
  return SERVICES.map((service, index) => ({
    service_key: service.serviceKey,
    name: service.name,
    description: service.description,
    categories: service.categories,
    tags: service.tags,
    upstream_url: `${baseUrl}${service.path}`,
    upstream_method: service.method,
    price_cents: Number(service.amount) / BASE_UNITS_PER_CENT,
    pay_to: payeeOf(payees, index),
    input_schema: service.inputSchema,
    sample_input: service.sampleInput,
  }));
}

/**
 * Serves the demo upstreams. Wrong input is answered with 400, valid input and none at all with 402, and a paid request
 * with the output.
 */
export function createUpstreamsApp(baseUrl: string, payees: readonly string[], seller: Seller): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.use(express.json({ limit: BODY_LIMIT }));
  SERVICES.forEach((service, index) => {
    const readInput = createInputReader(service);
    const offer = {
      url: `${baseUrl}${service.path}`,
      description: service.description,
      amount: service.amount,
      payTo: payeeOf(payees, index),
      speaksV1: service.speaksV1,
      discovery: describe(service),
    };
    app.all(service.path, async (req, res) => {
      // Express would also run a GET handler for HEAD, which would do paid work and send no body.
      if (req.method !== service.method) {
        return void res
          .status(405)
          .set("Allow", service.method)
          .json({ error: `Use ${service.method}.` });
      }
      if (asksForTerms(req)) return seller.state(res, offer);
      await seller.sell(req, res, offer, service.prepare(readInput(req)));
    });
  });
  app.use((_req, res) => void res.status(404).json({ error: "There is no such path." }));
  app.use(answerError);
  return app;
}

/** Whether a request has neither input nor payment. */
function asksForTerms(req: Request): boolean {
  const body = req.body as object | undefined;
  const hasBody =
    body === undefined ? Number(req.header("content-length") ?? 0) > 0 : Object.keys(body).length > 0;
  const hasPayment = req.header("payment-signature") !== undefined || req.header("x-payment") !== undefined;
  return Object.keys(req.query).length === 0 && !hasBody && !hasPayment;
}

/** How the service is called, for buyers who don't know it. */
const describe = ({ method, inputSchema, sampleInput }: DemoService): Record<string, unknown> =>
  declareDiscoveryExtension(
    method === "POST"
      ? { bodyType: "json", input: sampleInput, inputSchema }
      : { input: sampleInput, inputSchema },
  );

/**
 * Makes a function that reads a request's input from the query or the body. It throws InputError if the input
 * is wrong.
 */
function createInputReader({ inputSchema, method }: DemoService): (req: Request) => Record<string, unknown> {
  // A query holds only strings. They are converted to the types of the schema.
  const ajv = new Ajv2020({ coerceTypes: method === "GET", useDefaults: true });
  formats.default(ajv);
  const validate = ajv.compile<Record<string, unknown>>(inputSchema);
  return (req) => {
    const input: unknown = method === "GET" ? { ...req.query } : req.body;
    if (validate(input)) return input;
    const [error] = validate.errors ?? [];
    throw new InputError(error?.instancePath ?? "", `The input ${error?.message ?? "is wrong"}.`);
  };
}

function answerError(error: unknown, _req: Request, res: Response, _next: NextFunction): void {
  if (error instanceof InputError) {
    res.status(400).json({ error: error.message, path: error.path });
    return;
  }
  const isUnreadable = error instanceof Error && "status" in error; // thrown while reading the body
  res.status(isUnreadable ? 400 : 500).json({
    error: isUnreadable ? "The body can't be read. Send JSON of at most 64 KiB." : "Internal error.",
  });
}

function payeeOf(payees: readonly string[], index: number): string {
  const address = payees[index];
  if (address === undefined) throw new Error(`demo upstream ${index} has no payee`);
  return address;
}
