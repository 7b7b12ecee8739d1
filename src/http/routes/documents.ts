import cors from "cors";
import type { Express } from "express";
import { stringify } from "yaml";
import { sendJson } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";
import { PRIVACY_POLICY } from "./privacy.ts";

/** The origins of browser calls by GPT builders and users. */
const CHATGPT_ORIGINS = ["https://chatgpt.com", "https://chat.openai.com", "https://platform.openai.com"];

const ONE_DAY_SECONDS = 86_400;

/**
 * Adds the documents about the API for importers, model hosts and people. They are sent without the envelope.
 */
export function mountDocuments(app: Express, documents: { all: object; gpt: object; llms: string }): void {
  const forChatGpt = cors({
    origin: CHATGPT_ORIGINS,
    methods: ["GET", "POST"],
    allowedHeaders: ["Authorization", "Content-Type"],
    exposedHeaders: ["Retry-After", "RateLimit", "RateLimit-Policy", "Idempotency-Replayed", "X-Request-Id"],
    maxAge: ONE_DAY_SECONDS,
  });
  app.use(["/gpt", "/openapi", "/openapi.json", "/.well-known/openapi.yaml", "/privacy"], forChatGpt);

  serveGet(app, "/openapi.json", (req, res) => sendJson(req, res, 200, {}, documents.all));
  serveGet(app, "/openapi/gpt.json", (req, res) => sendJson(req, res, 200, {}, documents.gpt));
  serveGet(app, "/.well-known/openapi.yaml", (_req, res) => {
    res.type("application/yaml").send(stringify(documents.gpt));
  });
  serveGet(app, "/llms.txt", (_req, res) => {
    res.type("text/plain").send(documents.llms);
  });
  serveGet(app, "/privacy", (_req, res) => {
    res.type("html").send(PRIVACY_POLICY);
  });
}
