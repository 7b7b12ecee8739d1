import type { Express } from "express";
import { stringify } from "yaml";
import { sendText } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";

/**
 * Adds the documents about the API for importers, model hosts and people. They are sent without the envelope. Their
 * texts are made here, once: making the YAML alone takes tens of milliseconds, in which no other request is answered.
 */
export function mountDocuments(
  app: Express,
  documents: { all: object; gpt: object; llms: string; privacy: string; mcpServer: object },
): void {
  const all = JSON.stringify(documents.all);
  const gpt = JSON.stringify(documents.gpt);
  const mcpServer = JSON.stringify(documents.mcpServer);
  const gptAsYaml = stringify(documents.gpt);
  serveGet(app, "/openapi.json", (req, res) => sendText(req, res, 200, {}, all));
  serveGet(app, "/openapi/gpt.json", (req, res) => sendText(req, res, 200, {}, gpt));
  serveGet(app, "/server.json", (req, res) => sendText(req, res, 200, {}, mcpServer));
  serveGet(app, "/.well-known/openapi.yaml", (_req, res) => {
    res.type("application/yaml").send(gptAsYaml);
  });
  serveGet(app, "/llms.txt", (_req, res) => {
    res.type("text/plain").send(documents.llms);
  });
  serveGet(app, "/privacy", (_req, res) => {
    res.type("html").send(documents.privacy);
  });
}
