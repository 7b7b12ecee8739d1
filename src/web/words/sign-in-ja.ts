import type { SignInSettingsWords } from "./sign-in-en.ts";

export const signInSettingsJa: SignInSettingsWords = {
  title: "サインインの方法",
  passkeys: {
    title: "パスキー",
    lead: "指紋、顔、または端末のPINでサインインできます。追加や削除があるとメールでお知らせします。",
    none: "まだありません。",
    unnamed: "パスキー",
    added: "追加",
    name: "名前",
    nameHint: "「仕事用ノートPC」など、区別できる名前。",
    add: "この端末のパスキーを追加",
    isAdded: "パスキーを追加しました。次回からこれでサインインできます。",
    remove: "削除",
    removeTitle: (name) => `「${name}」を削除しますか?`,
    removeBody: "これではサインインできなくなります。他の方法はそのまま使えます。",
    removeYes: "このパスキーを削除",
    keep: "残す",
    unsupported: "このブラウザーは古いため、パスキーを使えません。",
  },
  password: {
    title: "パスワード",
    current: "現在のパスワード",
    next: "新しいパスワード",
    submit: "パスワードを変更",
    link: "未設定、または忘れた場合:リンクをメールで受け取る",
    linkSent: (email) => `${email} にリンクを送りました。15分間有効です。`,
    changed: "パスワードを変更しました。他でサインインしていたものはすべてサインアウトされました。",
  },
  newPassword: {
    title: "新しいパスワードを設定",
    lead: "以前のパスワードによるサインインはすべて終了します。",
    submit: "このパスワードを使う",
    done: "パスワードを変更しました",
    doneLead: "新しいパスワードでサインインしてください。",
    over: "このリンクはもう使えません",
    overLead:
      "リンクは15分間、一度だけ使えます。メールのリンクでサインインし、設定でもう一度送ってください。",
  },
};
