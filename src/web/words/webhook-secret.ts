import type { PageWords } from "./language.tsx";

/** What is said of the secret that signs our requests to somebody's server. */
interface WebhookSecretWords {
  label: string;
  overlap: string;
  rotate: string;
  rotateTitle: string;
  rotateYes: string;
  keep: string;
  bothSign: (time: string) => string;
}

export const WEBHOOK_SECRET: PageWords<WebhookSecretWords> = {
  en: {
    label: "Secret",
    overlap: "For one more day both secrets sign, so that you can put the new one in place.",
    rotate: "Replace its secret",
    rotateTitle: "Replace the secret?",
    rotateYes: "Replace it and show the new one",
    keep: "Keep it as it is",
    bothSign: (time) => `The secret before signs too, until ${time}.`,
  },
  ja: {
    label: "シークレット",
    overlap: "切り替えられるように、あと1日は両方のシークレットで署名します。",
    rotate: "シークレットを取り替える",
    rotateTitle: "シークレットを取り替えますか？",
    rotateYes: "取り替えて表示",
    keep: "このままにする",
    bothSign: (time) => `以前のシークレットも${time}まで署名に使われます。`,
  },
};
