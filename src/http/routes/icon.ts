import type { Express } from "express";
import { serveGet } from "../request/serve-get.ts";

const ICON_PATH = "/icon.svg";

/** A road that passes a toll gate which is open. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
<rect width="64" height="64" rx="14" fill="#0f5132"/>
<path d="M26 56 30 20h4l4 36z" fill="#f8f9fa"/>
<path d="M14 30V14M14 22 34 8" stroke="#ffc107" stroke-width="5" stroke-linecap="round" fill="none"/>
</svg>
`;

/** `/icon.svg`: our icon, which marketplaces show beside the services that are sold here. */
export function mountIcon(app: Express): void {
  serveGet(app, ICON_PATH, (_req, res) => {
    res.set("Cross-Origin-Resource-Policy", "cross-origin").type("svg").send(ICON);
  });
}
