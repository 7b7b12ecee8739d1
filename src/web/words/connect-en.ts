/** Sentences of the page that tells how an assistant is connected. */
export const connectEn = {
  title: "Connect an assistant",
  lead: "Give it this address. It brings you back here once, and you say what it may do.",
  ended: "That connection was finished, or took too long. Start again in your app.",
  address: "Address",
  copy: "Copy",
  copied: "Copied",
  open: (host: string) => `Open in ${host}`,
  claude: {
    title: "Claude",
    steps: "Settings, Connectors, Add custom connector. Paste the address, then press Connect.",
    button: "Open Claude’s connectors",
    command: "In Claude Code",
  },
  chatgpt: {
    title: "ChatGPT",
    steps:
      "Settings, Apps & Connectors, Advanced: switch on developer mode. Then Create, paste the address, and choose OAuth.",
    button: "Open ChatGPT’s settings",
  },
  vscode: { title: "VS Code", steps: "It asks whether to install the server, then brings you here." },
  cursor: { title: "Cursor", steps: "It asks whether to install the server, then brings you here." },
  other: {
    title: "Anything else that speaks MCP",
    steps:
      "Choose “streamable HTTP” and paste the address. If it knows OAuth, there is nothing more to do. Else an agent’s session token goes into the header Authorization.",
  },
};
export type ConnectWords = typeof connectEn;
