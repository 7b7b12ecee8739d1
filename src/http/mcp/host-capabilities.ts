import { createHmac, timingSafeEqual } from "node:crypto";
import type { ServerContext } from "@modelcontextprotocol/server";
import { CLIENT_CAPABILITIES_META_KEY } from "@modelcontextprotocol/server";

/** Of a host's capabilities, only this counts: whether it opens a link for its person. */
interface Capabilities {
  elicitation?: { url?: object };
}

/** Longer capabilities aren't kept. The host is then asked as one that has none. */
const MOST_CHARACTERS = 400;

/**
 * Reads what a host can do. Since 2026 it says so with each request. Before, it said so once, in `initialize`: its capabilities
 * then travel in the session id that hosts send back, signed, so that no replica has to remember them.
 */
export function createHostCapabilities(key: Uint8Array) {
  const sign = (text: string): string =>
    createHmac("sha256", key).update(`mcp-session\0${text}`).digest("base64url");

  function read(sessionId: string): Capabilities {
    const [text = "", mac = ""] = sessionId.split(".");
    const [given, expected] = [Buffer.from(mac), Buffer.from(sign(text))];
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return {};
    return JSON.parse(Buffer.from(text, "base64url").toString()) as Capabilities;
  }

  return {
    /** The session id for a host that initializes. It says nothing about who calls. */
    sessionIdOf({ elicitation }: Capabilities): string {
      const kept = Buffer.from(
        JSON.stringify(elicitation?.url === undefined ? {} : { elicitation: { url: {} } }),
      );
      const text = kept.toString("base64url").slice(0, MOST_CHARACTERS);
      return `${text}.${sign(text)}`;
    },
    /** Whether the host opens links. */
    opensLinks(era: "legacy" | "modern", ctx: ServerContext, sessionId: string | null): boolean {
      const envelope = ctx.mcpReq.envelope as Record<string, unknown> | undefined;
      const stated = envelope?.[CLIENT_CAPABILITIES_META_KEY] as Capabilities | undefined;
      const capabilities = era === "modern" ? stated : read(sessionId ?? "");
      return capabilities?.elicitation?.url !== undefined;
    },
  };
}
export type HostCapabilities = ReturnType<typeof createHostCapabilities>;
