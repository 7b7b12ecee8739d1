import type { ConnectWords } from "./connect-en.ts";

export const connectJa: ConnectWords = {
  title: "アシスタントを接続",
  lead: "このアドレスを入力してください。一度ここに戻り、何を許可するかを決めます。",
  ended: "その接続は完了したか、時間切れです。アプリでもう一度始めてください。",
  address: "アドレス",
  copy: "コピー",
  copied: "コピーしました",
  open: (host) => `${host} で開く`,
  claude: {
    title: "Claude",
    steps: "設定の「コネクタ」で「カスタムコネクタを追加」を選び、アドレスを貼り付けて「接続」を押します。",
    button: "Claudeのコネクタを開く",
    command: "Claude Codeの場合",
  },
  chatgpt: {
    title: "ChatGPT",
    steps:
      "設定の「アプリとコネクタ」の「詳細設定」で開発者モードをオンにします。「作成」でアドレスを貼り付け、OAuthを選びます。",
    button: "ChatGPTの設定を開く",
  },
  vscode: { title: "VS Code", steps: "サーバーのインストールを確認した後、ここに戻ります。" },
  cursor: { title: "Cursor", steps: "サーバーのインストールを確認した後、ここに戻ります。" },
  other: {
    title: "MCPに対応するその他のアプリ",
    steps:
      "「streamable HTTP」を選び、アドレスを貼り付けます。OAuthに対応していれば、これで完了です。対応していない場合は、エージェントのセッショントークンをAuthorizationヘッダーに入れます。",
  },
};
