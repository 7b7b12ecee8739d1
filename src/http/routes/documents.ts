import type { Express } from "express";
import { stringify } from "yaml";
import { sendJson } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";

/**
 * Adds the documents about the API for importers, model hosts and people. They are sent without the envelope.
 */
export function mountDocuments(
  app: Express,
  documents: { all: object; gpt: object; llms: string; privacy: string },
): void {
  serveGet(app, "/openapi.json", (req, res) => sendJson(req, res, 200, {}, documents.all));
  serveGet(app, "/openapi/gpt.json", (req, res) => sendJson(req, res, 200, {}, documents.gpt));
  serveGet(app, "/.well-known/openapi.yaml", (_req, res) => {
    res.type("application/yaml").send(stringify(documents.gpt));
  });
  serveGet(app, "/llms.txt", (_req, res) => {
    res.type("text/plain").send(documents.llms);
  });
  serveGet(app, "/privacy", (_req, res) => {
    res.type("html").send(documents.privacy);
  });
}
