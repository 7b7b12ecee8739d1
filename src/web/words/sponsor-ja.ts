import type { SponsorWords } from "./sponsor-en.ts";

export const sponsorJa: SponsorWords = {
  nav: {
    label: "組織",
    campaigns: "キャンペーン",
    services: "サービス",
    answers: "回答",
    funds: "資金",
    webhooks: "Webhook",
    team: "チーム",
  },
  switch: {
    label: "表示する対象",
    yourself: "自分",
    operations: "運用",
    organisations: "組織",
    found: "組織を作る",
  },
  role: { viewer: "閲覧者", editor: "編集者", owner: "オーナー" },
  roleMay: {
    viewer: "すべて見られますが、変更はできません",
    editor: "サービスとキャンペーンを変更し、回答を判定します",
    owner: "さらに入金、出金、メンバーの管理ができます",
  },
  found: {
    title: "組織を作る",
    lead: "組織はAPIをエージェントに提供し、その呼び出しの料金を支払います。あなたがオーナーになり、他の人を招待できます。",
    name: "組織の名前",
    nameHint: "支払いを受ける人に表示されます。2〜50文字。",
    nameRefused:
      "この名前は使えません。改行なしの2〜50文字で、当サービスと紛らわしくなく、1つの単語に異なる文字体系が混ざらない名前にしてください。",
    tooMany: (most) => `すでに${most}個の組織のオーナーです。先にどれかを他の人に引き継いでください。`,
    submit: "作成して次へ",
  },
  notYours: {
    title: "あなたの組織ではありません",
    lead: "メンバーから外されたか、アドレスが違う可能性があります。",
    back: (name) => `${name} へ`,
  },
};
