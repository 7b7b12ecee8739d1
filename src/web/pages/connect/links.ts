/** What each host needs to add a server by itself. @param url the address of our MCP */

const NAME = "Tollfree";

export const vsCodeLink = (url: string): string =>
  `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name: NAME.toLowerCase(), type: "http", url }))}`;

export const cursorLink = (url: string): string =>
  `cursor://anysphere.cursor-deeplink/mcp/install?name=${NAME}&config=${encodeURIComponent(btoa(JSON.stringify({ url })))}`;

export const CLAUDE_CONNECTORS = "https://claude.ai/settings/connectors";
export const CHATGPT_SETTINGS = "https://chatgpt.com/#settings/Connectors";

export const claudeCodeCommand = (url: string): string =>
  `claude mcp add --transport http ${NAME.toLowerCase()} ${url}`;
