import { readFileSync } from "node:fs";
import type { Express } from "express";
import { stringify } from "yaml";
import { sendText } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";
import { projectFile } from "./project-file.ts";

/** What the generated documents leave open: where this server is reached, and who runs it. */
interface ServedBy {
  publicBaseUrl: string;
  operator: { name?: string; email?: string };
}

/** Reads a generated document by its file's name. */
type Read = (name: string) => string;

interface OpenApiHead {
  openapi: string;
  info: object;
  servers: { url: string }[];
}

/** Where the second part of a document as YAML begins, which is the same for every server. */
const REST_OF_YAML = /^tags:/m;

/**
 * Adds the documents about the API for importers, model hosts and people. They are sent without the envelope. The OpenAPI documents
 * are those that `npm run openapi` generated: building them takes a third of a second. All texts are made here, once.
 */
export function mountDocuments(
  app: Express,
  { llms, privacy, mcpServer, ...by }: ServedBy & { llms: string; privacy: string; mcpServer: object },
  read: Read = readGenerated,
): void {
  const all = JSON.stringify(asServed(read("openapi.json"), by));
  const gpt = asServed(read("gpt.json"), by);
  const gptText = JSON.stringify(gpt);
  const gptAsYaml = headAsYaml(gpt) + restOfYaml(read("gpt.yaml"));
  const mcpServerText = JSON.stringify(mcpServer);
  serveGet(app, "/openapi.json", (req, res) => sendText(req, res, 200, {}, all));
  serveGet(app, "/openapi/gpt.json", (req, res) => sendText(req, res, 200, {}, gptText));
  serveGet(app, "/server.json", (req, res) => sendText(req, res, 200, {}, mcpServerText));
  serveGet(app, "/.well-known/openapi.yaml", (_req, res) => {
    res.type("application/yaml").send(gptAsYaml);
  });
  serveGet(app, "/llms.txt", (_req, res) => {
    res.type("text/plain").send(llms);
  });
  serveGet(app, "/privacy", (_req, res) => {
    res.type("html").send(privacy);
  });
}

const readGenerated: Read = (name) => readFileSync(projectFile(`openapi/${name}`), "utf8");

function asServed(text: string, { publicBaseUrl, operator }: ServedBy): OpenApiHead {
  const document = JSON.parse(text) as OpenApiHead;
  const contact = Object.keys(operator).length > 0 && { contact: operator };
  return { ...document, info: { ...document.info, ...contact }, servers: [{ url: publicBaseUrl }] };
}

const headAsYaml = ({ openapi, info, servers }: OpenApiHead): string => stringify({ openapi, info, servers });

const restOfYaml = (text: string): string => text.slice(text.search(REST_OF_YAML));
